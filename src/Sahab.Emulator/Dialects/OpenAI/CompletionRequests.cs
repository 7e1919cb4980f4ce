using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>Reads the bodies of plain completions and embeddings, whose inputs have the same four forms.</summary>
internal static class CompletionRequests
{
    /// <summary>Inputs in one request.</summary>
    const int MaxInputs = 2048;

    /// <summary>What a plain completion generates unless told otherwise.</summary>
    const int DefaultTokens = 16;

    public static void Read(ApiRequest request, RequestFields fields)
    {
        request.ReadCommon(fields);
        request.Generation.MaxTokens = fields.Integer("max_tokens", 1, int.MaxValue) ?? DefaultTokens;
        request.Logprobs = fields.Integer("logprobs", 0, 5);
        var texts = new List<string>();
        ReadInputs(request.Generation.Prompts, fields, "prompt", texts);
        if (request.Generation.Prompts.Count * request.Generation.Choices > MaxInputs)
        {
            throw fields.Invalid("n", $"At most {MaxInputs} choices can be had in one request.");
        }
        request.Echo = fields.Flag("echo") ?? false ? [.. texts] : null;
    }

    /// <summary>A string, several, token ids, or several lists of them. An input of ids has no text.</summary>
    public static void ReadInputs(List<PromptText> inputs, RequestFields fields, string name, List<string> texts)
    {
        var value = fields.Find(name) ?? throw fields.Invalid(name, $"You must provide a {name} parameter.");
        if (value.ValueKind == JsonValueKind.String)
        {
            AddText(inputs, texts, value.GetString()!);
            return;
        }
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0)
        {
            throw fields.Invalid(name, $"'{name}' must be a string or an array that is not empty.", "invalid_type");
        }
        if (value[0].ValueKind == JsonValueKind.Number)
        {
            AddIds(inputs, texts, fields, name, value);
            return;
        }
        if (value.GetArrayLength() > MaxInputs)
        {
            throw fields.Invalid(name, $"'{name}' must have at most {MaxInputs} items.");
        }
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                AddText(inputs, texts, item.GetString()!);
            }
            else
            {
                AddIds(inputs, texts, fields, name, item);
            }
        }
    }

    static void AddText(List<PromptText> inputs, List<string> texts, string text)
    {
        var prompt = new PromptText();
        inputs.Add(prompt);
        prompt.AddText(text);
        texts.Add(text);
    }

    static void AddIds(
        List<PromptText> inputs, List<string> texts, RequestFields fields, string name, JsonElement ids)
    {
        var prompt = new PromptText();
        inputs.Add(prompt);
        texts.Add("");
        if (ids.ValueKind != JsonValueKind.Array)
        {
            throw fields.Invalid(name, $"'{name}' must hold strings or token ids.", "invalid_type");
        }
        foreach (var id in ids.EnumerateArray())
        {
            prompt.AddId(id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number)
                ? number
                : throw fields.Invalid(name, $"'{name}' must hold strings or token ids.", "invalid_type"));
        }
    }
}
