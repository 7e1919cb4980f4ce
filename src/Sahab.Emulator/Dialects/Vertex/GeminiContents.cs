using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>Reads contents into a prompt, and holds them to Gemini's rules about whose turn it is.</summary>
internal static class GeminiContents
{
    /// <summary>What the system says: text only.</summary>
    public static void ReadSystem(PromptText prompt, GeminiFields system)
    {
        system.Only("role", "parts");
        foreach (var part in system.Objects("parts"))
        {
            prompt.AddText(part.Only("text").RequiredText("text"));
        }
    }

    /// <summary>Adds every content to the prompt; returns the last one's role and text.</summary>
    public static (string Role, string Text) Read(PromptText prompt, GeminiFields body, string model)
    {
        var contents = body.Objects("contents");
        if (contents.Count == 0)
        {
            throw GeminiFields.Refused("Unable to submit request because at least one contents field is required.");
        }
        var last = ("", "");
        var calls = new List<string>();
        foreach (var content in contents)
        {
            content.Only("role", "parts");
            var role = content.Text("role") ?? "user";
            if (role is not ("user" or "model" or "function"))
            {
                throw GeminiFields.Refused("Please use a valid role: user, model.");
            }
            prompt.Mark(role);
            last = ReadParts(prompt, content, role, calls, model);
        }
        return last;
    }

    static (string Role, string Text) ReadParts(
        PromptText prompt, GeminiFields content, string role, List<string> calls, string model)
    {
        var parts = content.Objects("parts");
        if (parts.Count == 0)
        {
            throw GeminiFields.Refused("Unable to submit request because it must include at least one parts field.");
        }
        var text = "";
        var made = new List<string>();
        var answered = new List<string>();
        foreach (var part in parts)
        {
            part.Only("text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse");
            if (part.Object("functionCall") is { } call)
            {
                ReadCall(prompt, part, call, role, made, model);
            }
            else if (part.Object("functionResponse") is { } response)
            {
                response.Only("id", "name", "response");
                answered.Add(response.RequiredText("name"));
                prompt.AddText((response.Object("response") is not null ? response.Find("response")! : throw GeminiFields.Refused(
                    "Function response must be an object.")).Value.GetRawText());
            }
            else
            {
                text += ReadPart(prompt, part);
            }
        }
        CheckAnswers(calls, answered);
        calls.Clear();
        calls.AddRange(made);
        return (answered.Count > 0 && text.Length == 0 ? "function" : role, text);
    }

    static void ReadCall(
        PromptText prompt, GeminiFields part, GeminiFields call, string role, List<string> made, string model)
    {
        call.Only("id", "name", "args");
        var name = call.RequiredText("name");
        if (role != "model")
        {
            throw GeminiFields.Refused("Please ensure that function call turns come from the model.");
        }
        ThoughtSignature.Check(model, name, part.Text("thoughtSignature"), made.Count == 0);
        made.Add(name);
        prompt.AddText(name);
        if (call.Object("args") is not null)
        {
            prompt.AddText(call.Find("args")!.Value.GetRawText());
        }
    }

    static void CheckAnswers(List<string> calls, List<string> answered)
    {
        if (answered.Count > 0 && answered.Count != calls.Count)
        {
            throw GeminiFields.Refused(
                "Please ensure that the number of function response parts is equal to the number of function call parts of "
                + "the function call turn.");
        }
        if (answered.Except(calls).Any() || (calls.Count > 0 && answered.Count == 0))
        {
            throw GeminiFields.Refused(
                "Please ensure that function response turn comes immediately after a function call turn.");
        }
    }

    static string ReadPart(PromptText prompt, GeminiFields part)
    {
        if (part.Text("text") is { } text)
        {
            prompt.AddText(text);
            return text;
        }
        if (part.Object("inlineData") is { } inline)
        {
            inline.Only("mimeType", "data", "displayName");
            var data = inline.RequiredText("data");
            if (!System.Buffers.Text.Base64.IsValid(data))
            {
                throw GeminiFields.Refused("Invalid value at 'inline_data.data' (TYPE_BYTES), Base64 decoding failed.");
            }
            prompt.AddImage(inline.RequiredText("mimeType") + data);
            return "";
        }
        if (part.Object("fileData") is { } file)
        {
            file.Only("mimeType", "fileUri", "displayName");
            file.RequiredText("mimeType");
            prompt.AddImage(file.RequiredText("fileUri"));
            return "";
        }
        throw GeminiFields.Refused("Unable to submit request because a part has no data: it must have one initialized field.");
    }
}
