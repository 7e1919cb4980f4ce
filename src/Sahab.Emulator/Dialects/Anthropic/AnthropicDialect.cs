using System.Collections.Frozen;
using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>Anthropic's Messages API: <c>[/region]/v1/messages</c>.</summary>
internal sealed class AnthropicDialect(Emulation emulation) : CloudDialect(emulation)
{
    const string VersionHeader = "anthropic-version";

    static readonly string[] Versions = ["2023-01-01", "2023-06-01", MessageRequests.VersionWithoutSampling];

    protected override async Task RouteAsync(Exchange exchange)
    {
        var path = exchange.Path;
        var cloud = exchange.Cloud;
        var at = path.IndexOf("/v1/", StringComparison.Ordinal);
        var region = at > 0 ? path[1..at] : cloud.FirstRegion;
        exchange.Vendor.AddIdHeaders(exchange.Http.Response.Headers, exchange.RequestId, region);
        exchange.Authenticate();
        var version = ReadVersion(exchange);
        var deployments = (at >= 0 ? cloud.FindRegion(region) : null) ?? throw new ApiException(NotFound());
        switch (exchange.Http.Request.Method, path[(at + 4)..])
        {
            case ("POST", "messages"):
                await AnswerAsync(exchange, deployments, version);
                break;
            case ("POST", "messages/count_tokens"):
                await CountAsync(exchange, deployments, version);
                break;
            case ("GET", "models"):
                if (!DropWhenDown(exchange, region))
                {
                    await exchange.SendJsonAsync(200, json => WriteModels(json, deployments.Values));
                }
                break;
            case (_, "messages" or "messages/count_tokens" or "models"):
                throw new ApiException(NotFound() with { Status = 405, Message = "Method Not Allowed" });
            default:
                throw new ApiException(NotFound());
        }
    }

    static ApiError NotFound() => new(404, "Not Found", "not_found_error");

    static string ReadVersion(Exchange exchange)
    {
        var version = exchange.Http.Request.Headers[VersionHeader].ToString();
        if (version.Length == 0)
        {
            throw new ApiException(ApiError.Invalid($"{VersionHeader}: header is required", null));
        }
        return Versions.Contains(version)
            ? version
            : throw new ApiException(ApiError.Invalid(
                $"{VersionHeader}: \"{version}\" is not a valid version", null));
    }

    static CloudDeployment Find(FrozenDictionary<string, CloudDeployment> deployments, JsonElement root)
    {
        var model = RequestFields.OfBody(root).RequiredText("model");
        return deployments.GetValueOrDefault(model) is { Model.Kind: ModelKind.Chat } found
            ? found
            : throw new ApiException(new ApiError(404, $"model: {model}", "not_found_error"));
    }

    async Task AnswerAsync(
        Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments, string version)
    {
        MessageShape shape;
        Call call;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        using (var request = new MessageRequest())
        {
            var deployment = Find(deployments, body.Root);
            var streams = RequestFields.OfBody(body.Root).Find("stream") is { ValueKind: JsonValueKind.True };
            call = BeginCall(exchange, deployment, "chat.completions", streams);
            if (await StrikeAsync(exchange, call))
            {
                return;
            }
            MessageRequests.Read(request, body.Root, version, isCount: false);
            CheckPrompt(request, deployment.Model);
            shape = Shape(exchange, request, deployment);
        }
        // Body and prompt are given back here: a stream may take minutes and needs neither.
        await ServeAsync(exchange, call, shape.Generation, runner => shape.Streams
            ? StreamAsync(exchange, runner, shape)
            : AnswerAsync(exchange, runner, call, json => MessageAnswers.Write(
                json, shape, call.Faults.ToReported(shape.Generation.Usage))));
    }

    static Task StreamAsync(Exchange exchange, AnswerRunner runner, MessageShape shape)
    {
        exchange.Http.Response.ContentType = "text/event-stream; charset=utf-8";
        exchange.Http.Response.Headers.CacheControl = "no-cache";
        // The first event tells what the prompt comes to, whatever the client asked for.
        return runner.StreamAsync(new MessageFrames(shape), tellsRunningUsage: true);
    }

    static async Task CountAsync(
        Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments, string version)
    {
        int tokens;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        using (var request = new MessageRequest())
        {
            Find(deployments, body.Root);
            MessageRequests.Read(request, body.Root, version, isCount: true);
            tokens = request.Generation.PromptTokens;
        }
        await exchange.SendJsonAsync(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("input_tokens", tokens);
            json.WriteEndObject();
        });
    }

    /// <summary>The prompt must fit; that the answer may be longer than what is left ends it, and is no mistake.</summary>
    static void CheckPrompt(MessageRequest request, ModelConfig model)
    {
        var prompt = request.Generation.PromptTokens;
        if (prompt >= model.ContextTokens)
        {
            throw new ApiException(ApiError.Invalid(
                $"prompt is too long: {prompt} tokens > {model.ContextTokens} maximum", null));
        }
    }

    MessageShape Shape(Exchange exchange, MessageRequest request, CloudDeployment deployment) => new()
    {
        Id = $"msg_{exchange.RequestId[4..]}",
        Model = deployment.ModelId,
        Vendor = exchange.Vendor,
        Generation = Plan(request.Generation, deployment, exchange.Cloud.Traits),
        StopSequences = request.StopSequences,
        Refuses = request.Refuses,
        Display = request.Display,
        Streams = request.Streams,
        IsContextTheLimit = request.Generation.MaxTokens
            > deployment.Model.ContextTokens - request.Generation.PromptTokens,
    };

    static void WriteModels(Utf8JsonWriter json, IEnumerable<CloudDeployment> all)
    {
        var models = all.Where(d => d.Model.Kind == ModelKind.Chat).Select(d => d.ModelId)
            .Order(StringComparer.Ordinal).ToList();
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var model in models)
        {
            json.WriteStartObject();
            json.WriteString("type", "model");
            json.WriteString("id", model);
            json.WriteString("display_name", model);
            json.WriteString("created_at", "2026-10-21T00:00:00Z");
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteBoolean("has_more", false);
        json.WriteString("first_id", models.FirstOrDefault());
        json.WriteString("last_id", models.LastOrDefault());
        json.WriteEndObject();
    }
}
