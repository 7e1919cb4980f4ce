using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>Reads the body of a chat completion.</summary>
internal static class ChatRequests
{
    public static void Read(ApiRequest request, RequestFields fields, bool reasonsByDefault)
    {
        request.ReadCommon(fields);
        var generation = request.Generation;
        generation.MaxTokens = fields.Integer("max_completion_tokens", 1, int.MaxValue)
            ?? fields.Integer("max_tokens", 1, int.MaxValue);
        generation.ReasoningShare = ReadReasoning(fields, reasonsByDefault);
        var top = fields.Integer("top_logprobs", 0, 20);
        var wantsLogprobs = fields.Flag("logprobs") ?? false;
        if (top is not null && !wantsLogprobs)
        {
            throw fields.Invalid("top_logprobs", "'top_logprobs' is only allowed when 'logprobs' is enabled.");
        }
        request.Logprobs = wantsLogprobs ? top ?? 0 : null;
        ReadFormat(generation, fields);
        var tools = ToolChoices.ReadTools(fields);
        var prompt = new PromptText();
        generation.Prompts.Add(prompt);
        ToolChoices.AddTo(prompt, tools);
        var last = ReadMessages(prompt, fields);
        generation.Tools.AddRange(ToolChoices.Choose(fields, tools, last));
    }

    /// <summary>The part of the output that is reasoning, by effort.</summary>
    static double ReadReasoning(RequestFields fields, bool reasonsByDefault) => fields.Text("reasoning_effort") switch
    {
        null => reasonsByDefault ? 0.3 : 0,
        "none" => 0,
        "minimal" => 0.05,
        "low" => 0.15,
        "medium" => 0.3,
        "high" => 0.5,
        "xhigh" or "max" => 0.7,
        var other => throw fields.Invalid("reasoning_effort", $"Invalid value: '{other}'.", "invalid_value"),
    };

    static void ReadFormat(GenerationRequest generation, RequestFields fields)
    {
        if (fields.Object("response_format") is not { } format)
        {
            return;
        }
        switch (format.RequiredText("type"))
        {
            case "text":
                break;
            case "json_object":
                generation.Json = true;
                break;
            case "json_schema":
                var body = format.Object("json_schema")
                    ?? throw format.Invalid("json_schema", "Missing 'response_format.json_schema'.");
                body.RequiredText("name");
                generation.Json = true;
                generation.Schema = body.Find("schema");
                break;
            case var other:
                throw format.Invalid("type", $"Invalid value: '{other}'.", "invalid_value");
        }
    }

    /// <summary>Adds every message to the prompt; returns the last one's role and text.</summary>
    static (string Role, string Text) ReadMessages(PromptText prompt, RequestFields fields)
    {
        var messages = fields.Objects("messages");
        if (messages.Count == 0)
        {
            throw fields.Invalid("messages", "'messages' must have at least one message.");
        }
        var last = ("", "");
        foreach (var message in messages)
        {
            var role = message.RequiredText("role");
            if (role is not ("system" or "developer" or "user" or "assistant" or "tool" or "function"))
            {
                throw message.Invalid("role", $"Invalid value: '{role}'.", "invalid_value");
            }
            prompt.Mark(role);
            last = (role, ReadContent(prompt, message));
            foreach (var call in message.Objects("tool_calls"))
            {
                var function = call.Object("function");
                prompt.AddText(function?.Text("name") ?? "");
                prompt.AddText(function?.Text("arguments") ?? "");
            }
        }
        return last;
    }

    static string ReadContent(PromptText prompt, RequestFields message)
    {
        switch (message.Find("content"))
        {
            case null:
                return "";
            case { ValueKind: JsonValueKind.String } text:
                prompt.AddText(text.GetString()!);
                return text.GetString()!;
            case { ValueKind: JsonValueKind.Array }:
                return string.Concat(message.Objects("content").Select(part => ReadPart(prompt, part)));
            default:
                throw message.Invalid(
                    "content", "Invalid type for 'content': expected a string or an array.", "invalid_type");
        }
    }

    static string ReadPart(PromptText prompt, RequestFields part)
    {
        switch (part.RequiredText("type"))
        {
            case "text":
                var text = part.RequiredText("text");
                prompt.AddText(text);
                return text;
            case "refusal":
                prompt.AddText(part.RequiredText("refusal"));
                return "";
            case "image_url":
                var image = part.Object("image_url") ?? throw part.Invalid("image_url", "Missing 'image_url'.");
                prompt.AddImage(image.RequiredText("url"));
                return "";
            case var other:
                throw part.Invalid(
                    "type", $"Content of type '{other}' is not supported by this model.", "invalid_value");
        }
    }
}
