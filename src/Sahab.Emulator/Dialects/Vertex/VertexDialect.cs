using System.Collections.Frozen;
using System.Globalization;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.Azure;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>
/// Google: Gemini's own API (<see cref="VertexPath"/>), the OpenAI-compatible one, the services that give out tokens. What
/// lies elsewhere is plain OpenAI, as of any cloud.
/// </summary>
internal sealed class VertexDialect(Emulation emulation) : OpenAIDialect(emulation)
{
    const string PoolHeader = "X-Vertex-AI-LLM-Request-Type";

    readonly GoogleTokens _tokens = new(emulation.Clock.Time);

    protected override async Task RouteAsync(Exchange exchange)
    {
        if (await _tokens.TryAnswerAsync(exchange))
        {
            return;
        }
        if (exchange.Http.Request.Method != "POST" || VertexPath.Read(exchange.Path, exchange.Cloud) is not { } path)
        {
            await base.RouteAsync(exchange);
            return;
        }
        // Google tells no id in a header: it stands in the body, as responseId.
        exchange.WrapsErrors = path.Style == VertexPathStyle.OpenAI;
        Authenticate(exchange);
        var deployments = (path.Region is { } region ? exchange.Cloud.FindRegion(region) : null)
            ?? throw NotFound($"The requested URL {exchange.Path} was not found on this server.");
        switch (path.Method)
        {
            case "chat/completions":
                exchange.ModelPrefix = "google/";
                await OperateAsync(exchange, path.Region!, deployments, path.Method);
                break;
            case "generateContent":
                await GenerateAsync(exchange, path, deployments, streams: false);
                break;
            case "streamGenerateContent":
                await GenerateAsync(exchange, path, deployments, streams: true);
                break;
            case "countTokens":
                await CountAsync(exchange, path, deployments);
                break;
            case "predict" or "embedContent" or "batchEmbedContents":
                await EmbedAsync(exchange, path, deployments);
                break;
            default:
                throw NotFound($"The requested URL {exchange.Path} was not found on this server.");
        }
    }

    /// <summary>A wrong key is an invalid argument to Google; a wrong token is not.</summary>
    void Authenticate(Exchange exchange)
    {
        var key = exchange.Http.Request.Headers[exchange.Vendor.KeyHeader!].ToString();
        if (key.Length > 0 && exchange.Cloud.FindKey(key) is null)
        {
            throw new ApiException(ApiError.Invalid("API key not valid. Please pass a valid API key.", null));
        }
        exchange.Authenticate(_tokens.FindKey);
    }

    static ApiException NotFound(string message) => new(new ApiError(404, message, "not_found"));

    static CloudDeployment Find(
        FrozenDictionary<string, CloudDeployment> deployments, VertexPath path, ModelKind kind)
    {
        var found = deployments.GetValueOrDefault(path.Model) ?? throw NotFound(
            $"Publisher Model `publishers/google/models/{path.Model}` was not found or your project does not have access to it.");
        return found.Model.Kind == kind ? found : throw GeminiFields.Refused(
            $"The model {path.Model} does not support {path.Method}.");
    }

    async Task GenerateAsync(
        Exchange exchange, VertexPath path, FrozenDictionary<string, CloudDeployment> deployments, bool streams)
    {
        var deployment = Find(deployments, path, ModelKind.Chat);
        if (streams && exchange.Http.Request.Query["alt"] != "sse")
        {
            throw GeminiFields.Refused("Only streams of events are emulated: add ?alt=sse.");
        }
        GeminiShape shape;
        Call call;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        {
            call = BeginCall(exchange, deployment, "chat.completions", streams);
            if (await StrikeAsync(exchange, call))
            {
                return;
            }
            using var request = GeminiRequest.Read(
                GeminiFields.OfBody(body.Root), path.Model, deployment.Model.Reasoning);
            CheckContext(request.Generation, deployment.Model);
            shape = Shape(exchange, call, path, request);
        }
        await ServeAsync(exchange, call, shape.Generation, runner => streams
            ? StreamAsync(exchange, runner, shape)
            : AnswerAsync(exchange, runner, call, w => GeminiWholeAnswers.Write(
                w, shape, call.Faults.ToReported(shape.Generation.Usage))));
    }

    /// <summary>
    /// What was bought in advance serves who asks for it alone, and who does not mind as long as it has room; all others
    /// share one pool.
    /// </summary>
    protected override Call BeginCall(Exchange exchange, CloudDeployment deployment, string operation, bool streamed)
    {
        var call = base.BeginCall(exchange, deployment, operation, streamed);
        var asked = exchange.Http.Request.Headers[PoolHeader].ToString();
        var bought = call.Deployment.Provisioned;
        call.Gate = asked switch
        {
            "dedicated" => bought ?? throw new ApiException(exchange.Vendor.ProvisionedFull(0)),
            "shared" => call.Deployment.Gate,
            "" => bought is { Load: < 1 } ? bought : call.Deployment.Gate,
            _ => throw GeminiFields.Refused($"Invalid value for {PoolHeader}: {asked}."),
        };
        return call;
    }

    static Task StreamAsync(Exchange exchange, AnswerRunner runner, GeminiShape shape)
    {
        exchange.Http.Response.ContentType = "text/event-stream";
        return runner.StreamAsync(new GeminiFrames(shape), tellsRunningUsage: false);
    }

    async Task CountAsync(Exchange exchange, VertexPath path, FrozenDictionary<string, CloudDeployment> deployments)
    {
        if (DropWhenDown(exchange, path.Region!))
        {
            return;
        }
        var deployment = Find(deployments, path, ModelKind.Chat);
        using var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes);
        using var request = GeminiRequest.Read(GeminiFields.OfBody(body.Root), path.Model, deployment.Model.Reasoning);
        var tokens = request.Generation.PromptTokens;
        await exchange.SendJsonAsync(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("totalTokens", tokens);
            GeminiShape.WriteDetails(writer, "promptTokensDetails", tokens);
            writer.WriteEndObject();
        });
    }

    async Task EmbedAsync(Exchange exchange, VertexPath path, FrozenDictionary<string, CloudDeployment> deployments)
    {
        var deployment = Find(deployments, path, ModelKind.Embedding);
        using var embeddings = new GeminiEmbeddings(path.Method);
        Call call;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        {
            call = BeginCall(exchange, deployment, "embeddings", false);
            if (await StrikeAsync(exchange, call))
            {
                return;
            }
            embeddings.Read(GeminiFields.OfBody(body.Root), deployment.Model);
        }
        var generation = new Generation
        {
            Choices = [],
            PromptTokens = (int)Math.Min(int.MaxValue, embeddings.Inputs.Sum(i => (long)i.Tokens)),
            Blocks = [],
            OutputEstimate = 0,
        };
        var seed = SeededRandom.Hash(deployment.ModelId, Emulation.Seed);
        var usage = call.Faults.ToReported(generation.Usage);
        await ServeAsync(exchange, call, generation, runner => AnswerAsync(
            exchange, runner, call, w => embeddings.Write(w, seed, usage)));
    }

    GeminiShape Shape(Exchange exchange, Call call, VertexPath path, GeminiRequest request)
    {
        var isBlocked = request.Prompt.Bytes.IndexOf(ContentFilters.BlockedWord) >= 0;
        var traits = exchange.Cloud.Traits with { ShowsReasoning = request.ShowsThoughts };
        return new GeminiShape
        {
            Id = exchange.RequestId,
            Model = path.Model,
            CreateTime = Emulation.Clock.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            Generation = isBlocked ? Blocked(request) : Plan(request.Generation, call.Deployment, traits),
            TrafficType = call.IsProvisioned ? "PROVISIONED_THROUGHPUT" : "ON_DEMAND",
            TellsTraffic = path.Style != VertexPathStyle.GeminiApi,
            Logprobs = request.Logprobs,
            IsBlocked = isBlocked,
        };
    }

    /// <summary>A blocked prompt is read, and billed for that, and goes no further.</summary>
    static Generation Blocked(GeminiRequest request) => new()
    {
        Choices = [],
        PromptTokens = request.Generation.PromptTokens,
        Blocks = [],
        OutputEstimate = 0,
    };
}
