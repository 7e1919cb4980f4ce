using System.Collections.Frozen;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Oci;

/// <summary>
/// Oracle's OCI Generative AI: its own API (<c>[/region]/20231130/actions/chat</c> and <c>embedText</c>), for signed
/// requests, and the OpenAI-compatible one (<c>[/region]/openai/v1/...</c>), for signed requests and API keys.
/// </summary>
internal sealed class OciDialect(Emulation emulation) : OpenAIDialect(emulation)
{
    const string Actions = "/20231130/actions/";
    const string Compatible = "/openai/v1/";

    readonly OciSignatures _signatures = new(emulation.Clock.Time);

    protected override async Task RouteAsync(Exchange exchange)
    {
        var isOwn = exchange.Path.IndexOf(Actions, StringComparison.Ordinal) is >= 0;
        var root = isOwn ? Actions : Compatible;
        var at = exchange.Path.IndexOf(root, StringComparison.Ordinal);
        if (at < 0)
        {
            await base.RouteAsync(exchange);
            return;
        }
        var region = at > 0 ? exchange.Path[1..at] : exchange.Cloud.FirstRegion;
        exchange.Vendor.AddIdHeaders(exchange.Http.Response.Headers, exchange.RequestId, region);
        var isSigned = OciSignatures.IsSigned(exchange.Http.Request);
        if (isSigned)
        {
            exchange.AuthenticateAs(await _signatures.FindKeyAsync(exchange));
        }
        else if (isOwn)
        {
            exchange.AuthenticateAs(null);
        }
        else
        {
            exchange.Authenticate();
        }
        var deployments = exchange.Cloud.FindRegion(region) ?? throw new ApiException(ApiError.UnknownPath(exchange.Path));
        var operation = exchange.Path[(at + root.Length)..];
        if (isOwn)
        {
            await ActAsync(exchange, deployments, operation);
            return;
        }
        if (isSigned && exchange.Http.Request.Headers["CompartmentId"].Count == 0)
        {
            throw new ApiException(ApiError.Invalid("Compartment ID must be provided", null));
        }
        await OperateAsync(exchange, region, deployments, operation);
    }

    Task ActAsync(Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments, string action) =>
        (exchange.Http.Request.Method, action) switch
        {
            ("POST", "chat") => ChatAsync(exchange, deployments),
            ("POST", "embedText") => EmbedAsync(exchange, deployments),
            _ => throw new ApiException(ApiError.UnknownPath(exchange.Path)),
        };

    async Task ChatAsync(Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments)
    {
        OciShape shape;
        Call call;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        using (var request = new GenerationRequest())
        {
            var fields = RequestFields.OfBody(body.Root);
            var deployment = FindServing(fields, deployments, ModelKind.Chat);
            var chat = fields.Object("chatRequest") ?? throw fields.Invalid("chatRequest", "chatRequest must not be null");
            var streams = chat.Flag("isStream") ?? false;
            call = BeginCall(exchange, deployment, "chat.completions", streams);
            if (await StrikeAsync(exchange, call))
            {
                return;
            }
            var isCohere = chat.RequiredText("apiFormat") switch
            {
                "GENERIC" => false,
                "COHERE" => true,
                _ => throw chat.Invalid("apiFormat", "apiFormat must be GENERIC or COHERE"),
            };
            if (isCohere)
            {
                OciCohereRequests.Read(request, chat);
            }
            else
            {
                OciGenericRequests.Read(request, chat, deployment.Model.Reasoning);
            }
            CheckContext(request, deployment.Model);
            shape = new OciShape(
                deployment.ModelId, isCohere, Plan(request, deployment, exchange.Cloud.Traits),
                chat.Object("streamOptions")?.Flag("isIncludeUsage") ?? false, Emulation.Clock.Time.GetUtcNow(),
                isCohere ? chat.RequiredText("message") : "",
                isCohere ? null : chat.Integer("logProbs", 0, 20));
        }
        await ServeAsync(exchange, call, shape.Generation, runner => call.Streamed
            ? StreamAsync(exchange, runner, shape)
            : AnswerAsync(
                exchange, runner, call, w => OciAnswers.Write(w, shape, call.Faults.ToReported(shape.Generation.Usage))));
    }

    async Task EmbedAsync(Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments)
    {
        Call call;
        Generation generation;
        using var texts = new OciEmbedding();
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        {
            var fields = RequestFields.OfBody(body.Root);
            var deployment = FindServing(fields, deployments, ModelKind.Embedding);
            call = BeginCall(exchange, deployment, "embeddings", false);
            if (await StrikeAsync(exchange, call))
            {
                return;
            }
            texts.Read(fields, deployment.Model.Dimensions);
            generation = new Generation
            {
                Choices = [],
                PromptTokens = texts.Tokens,
                Blocks = [],
                OutputEstimate = 0,
            };
        }
        var seed = SeededRandom.Hash(call.Deployment.ModelId, Emulation.Seed);
        var usage = call.Faults.ToReported(generation.Usage);
        await ServeAsync(exchange, call, generation, runner => AnswerAsync(
            exchange, runner, call, w => texts.Write(w, call.Deployment.ModelId, seed, exchange.RequestId, usage)));
    }

    static async Task StreamAsync(Exchange exchange, AnswerRunner runner, OciShape shape)
    {
        // Exactly so: the SDK takes any other value, even with a charset, for JSON.
        exchange.Http.Response.ContentType = "text/event-stream";
        IStreamFrames frames = shape.IsCohere ? new OciCohereFrames(shape) : new OciGenericFrames(shape);
        await runner.StreamAsync(frames, tellsRunningUsage: false);
    }

    /// <summary>The deployment that a request names, by the model's name, or by an endpoint of a cluster of one's own.</summary>
    static CloudDeployment FindServing(
        RequestFields fields, FrozenDictionary<string, CloudDeployment> deployments, ModelKind kind)
    {
        if (!fields.RequiredText("compartmentId").StartsWith("ocid1.", StringComparison.Ordinal))
        {
            throw NotFound();
        }
        var serving = fields.Object("servingMode") ?? throw fields.Invalid("servingMode", "servingMode must not be null");
        var model = serving.RequiredText("servingType") switch
        {
            "ON_DEMAND" => serving.RequiredText("modelId"),
            "DEDICATED" => ModelOf(serving.RequiredText("endpointId")),
            var other => throw serving.Invalid("servingType", $"Unknown servingType {other}"),
        };
        return deployments.TryGetValue(model, out var found) && found.Model.Kind == kind ? found : throw NotFound();
    }

    /// <summary>Endpoints are named <c>ocid1.generativeaiendpoint.oc1.{region}.{model}</c> here.</summary>
    static string ModelOf(string endpoint) =>
        endpoint.StartsWith("ocid1.generativeaiendpoint.", StringComparison.Ordinal)
        && endpoint.Split('.', 5) is [_, _, _, _, var model]
            ? model
            : throw NotFound();

    static ApiException NotFound() => new(new ApiError(
        404, "Authorization failed or requested resource not found.", "", null, "NotAuthorizedOrNotFound"));
}

/// <summary>What the writing of an answer needs to know, once the request itself is gone.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="TellsUsage">Whether a stream tells its usage.</param>
/// <param name="Message">Cohere's last message of the user, which its answer repeats.</param>
internal sealed record OciShape(
    string Model, bool IsCohere, Generation Generation, bool TellsUsage, DateTimeOffset Created, string Message,
    int? Logprobs);
