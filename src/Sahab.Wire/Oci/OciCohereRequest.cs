using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Oci;

/// <summary>
/// Writes a chat completion request in OCI's form for Cohere's models: what the user says now, what was said before, and
/// the results of the tools that were called last.
/// </summary>
public static class OciCohereRequest
{
    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    static readonly Expressible Known = new(
        "Cohere on OCI Generative AI", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed",
        "stop", "response_format", "parallel_tool_calls");

    /// <summary>Writes the body.</summary>
    /// <param name="request">What the client asks for.</param>
    /// <param name="serving">Who serves it.</param>
    /// <param name="output">Where the body goes; of no use when something cannot be expressed.</param>
    /// <returns>What cannot be expressed; null when the body is written.</returns>
    public static RequestFault? Write(ChatRequest request, OciServing serving, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(serving);
        if ((Known.FindFault(request) ?? FindFault(request)) is { } fault)
        {
            return fault;
        }

        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        serving.WriteTo(json);
        json.WriteStartObject("chatRequest"u8);
        json.WriteString("apiFormat"u8, "COHERE"u8);
        if (OciCohereMessages.Write(json, request.Messages) is { } wrong)
        {
            return Known.Refuse(wrong.What, wrong.Hint);
        }

        json.WriteNumber("maxTokens"u8, request.MaxTokens ?? OciServing.DefaultMaxTokens);
        OciJson.WriteSampling(json, request);
        OciJson.WriteStrings(json, "stopSequences"u8, request.Stop);
        OciJson.WriteStream(json, request);
        WriteTools(json, request);
        if (request.Format.Kind != AnswerFormat.Text)
        {
            json.WriteStartObject("responseFormat"u8);
            json.WriteString("type"u8, "JSON_OBJECT"u8);
            if (request.Format.Schema is { } schema)
            {
                json.WritePropertyName("schema"u8);
                schema.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        return null;
    }

    static RequestFault? FindFault(ChatRequest request)
    {
        if (request.ParallelToolCalls == false)
        {
            return Known.Refuse("parallel_tool_calls");
        }

        if (request.Tools.Count > 0 && request.ToolChoice.Mode is ChatToolMode.Required or ChatToolMode.Named)
        {
            return Known.Refuse("tool_choice", "Its models decide themselves whether to call a tool: auto and none are possible.");
        }

        foreach (ChatTool tool in request.Tools)
        {
            if (tool.Strict == true)
            {
                return Known.Refuse($"{tool.Path}.strict");
            }

            if (tool.Parameters is { } parameters && !OciCohereTool.IsExpressible(parameters))
            {
                return Known.Refuse(
                    $"{tool.Path}.parameters", "Its tools have a flat list of parameters: no references, no alternatives.");
            }
        }

        foreach (ChatPart part in request.Messages.SelectMany(message => message.Parts))
        {
            if (part.Kind != ChatPartKind.Text)
            {
                return Known.Refuse(part.Path, "It takes text only.");
            }
        }

        return null;
    }

    static void WriteTools(Utf8JsonWriter json, ChatRequest request)
    {
        ChatToolChoice choice = request.ToolChoice;
        var tools = request.Tools.Where(tool => choice.Allowed?.Contains(tool.Name) ?? true).ToList();
        if (tools.Count == 0 || choice.Mode == ChatToolMode.None)
        {
            return;
        }

        json.WriteStartArray("tools"u8);
        foreach (ChatTool tool in tools)
        {
            OciCohereTool.Write(json, tool);
        }

        json.WriteEndArray();
    }
}
