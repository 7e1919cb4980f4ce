using System.Collections.Frozen;
using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.Azure;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>The OpenAI-compatible surface of every cloud: <c>[/region]/v1/...</c>.</summary>
internal partial class OpenAIDialect(Emulation emulation) : CloudDialect(emulation)
{
    /// <summary>Answers a call of a cloud that speaks this protocol beside its own.</summary>
    public Task ServeAsync(Exchange exchange) => RouteAsync(exchange);

    protected override async Task RouteAsync(Exchange exchange)
    {
        var path = exchange.Http.Request.Path.Value ?? "";
        var cloud = exchange.Cloud;
        if (cloud.Config.Style == CloudStyle.Vllm && await TellOfItselfAsync(exchange, path))
        {
            return;
        }
        var at = path.IndexOf("/v1/", StringComparison.Ordinal);
        var region = at > 0 ? path[1..at] : cloud.FirstRegion;
        exchange.Vendor.AddIdHeaders(exchange.Http.Response.Headers, exchange.RequestId, region);
        exchange.Authenticate();
        var deployments = at >= 0 ? cloud.FindRegion(region) : null;
        if (deployments is null)
        {
            throw new ApiException(ApiError.UnknownPath(path));
        }
        await OperateAsync(exchange, region, deployments, path[(at + 4)..]);
    }

    /// <summary>Answers <c>[/region]/metrics</c> and <c>[/region]/health</c>, which need no key.</summary>
    async Task<bool> TellOfItselfAsync(Exchange exchange, string path)
    {
        var at = path.LastIndexOf('/');
        var region = at > 0 ? path[1..at] : exchange.Cloud.FirstRegion;
        return path[at..] is "/metrics" or "/health"
            && exchange.Cloud.FindRegion(region) is { } deployments
            && (DropWhenDown(exchange, region)
                || await VllmPages.TryAnswerAsync(exchange.Http, path[at..], deployments.Values));
    }

    /// <summary>Answers what is asked for below the version in the path.</summary>
    protected async Task OperateAsync(
        Exchange exchange, string region, FrozenDictionary<string, CloudDeployment> deployments, string operation)
    {
        var method = exchange.Http.Request.Method;
        switch (method, operation)
        {
            case ("POST", "chat/completions"):
                await CompleteAsync(exchange, deployments, isChat: true);
                break;
            case ("POST", "completions"):
                await CompleteAsync(exchange, deployments, isChat: false);
                break;
            case ("POST", "embeddings"):
                await EmbedAsync(exchange, deployments);
                break;
            case ("POST", _) when FindMedia(operation) is { } media:
                await AnswerMediaAsync(exchange, deployments, media);
                break;
            case ("GET", "models"):
                if (DropWhenDown(exchange, region))
                {
                    return;
                }
                await exchange.SendJsonAsync(200, w => ModelList.WriteAll(w, deployments.Values, Emulation.Clock));
                break;
            case ("GET", var rest) when rest.StartsWith("models/", StringComparison.Ordinal):
                if (DropWhenDown(exchange, region))
                {
                    return;
                }
                var model = deployments.GetValueOrDefault(rest[7..])
                    ?? throw new ApiException(ApiError.UnknownModel(rest[7..]));
                await exchange.SendJsonAsync(200, w => ModelList.Write(w, model, Emulation.Clock));
                break;
            case (_, "chat/completions" or "completions" or "embeddings" or "models"):
            case (_, _) when FindMedia(operation) is not null:
                throw new ApiException(ApiError.UnknownPath(exchange.Path) with
                {
                    Status = 405,
                    Message = $"Not allowed to {method} on {exchange.Path}.",
                });
            default:
                throw new ApiException(ApiError.UnknownPath(exchange.Path));
        }
    }

    static string WithoutPrefix(string model, string prefix) => model.StartsWith(prefix, StringComparison.Ordinal)
        ? model[prefix.Length..]
        : throw new ApiException(ApiError.UnknownModel(model));

    async Task CompleteAsync(Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments, bool isChat)
    {
        AnswerShape shape;
        Call call;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        using (var request = new ApiRequest())
        {
            var fields = RequestFields.OfBody(body.Root);
            var deployment = FindDeployment(
                deployments, exchange.ModelInPath ?? WithoutPrefix(fields.RequiredText("model"), exchange.ModelPrefix),
                ModelKind.Chat);
            var operation = isChat ? "chat.completions" : "completions";
            var streams = fields.Find("stream") is { ValueKind: JsonValueKind.True };
            call = BeginCall(exchange, deployment, operation, streams);
            if (await StrikeAsync(exchange, call))
            {
                return;
            }
            if (isChat)
            {
                ChatRequests.Read(request, fields, deployment.Model.Reasoning);
            }
            else
            {
                CompletionRequests.Read(request, fields);
            }
            CheckContext(request.Generation, deployment.Model);
            if (exchange.TellsFilters
                && request.Generation.Prompts.Exists(p => p.Bytes.IndexOf(ContentFilters.BlockedWord) >= 0))
            {
                throw new ApiException(ContentFilters.Blocked());
            }
            shape = Shape(exchange, request, deployment, isChat);
        }
        // Body and prompt are given back here: a stream may take minutes and needs neither.
        await ServeAsync(exchange, call, shape.Generation, runner => shape.Streams
            ? StreamAsync(exchange, runner, shape, isChat)
            : AnswerAsync(exchange, runner, call, w => WriteWhole(w, shape, isChat, call)));
    }

    async Task EmbedAsync(Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments)
    {
        using var embeddings = new Embeddings();
        Call call;
        Generation generation;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        {
            var fields = RequestFields.OfBody(body.Root);
            var deployment = FindDeployment(
                deployments, exchange.ModelInPath ?? fields.RequiredText("model"), ModelKind.Embedding);
            call = BeginCall(exchange, deployment, "embeddings", false);
            if (await StrikeAsync(exchange, call))
            {
                return;
            }
            embeddings.Read(fields, deployment.Model.Dimensions);
            if (embeddings.Inputs.Max(i => i.Tokens) is var longest && longest > deployment.Model.ContextTokens)
            {
                throw new ApiException(ApiError.ContextExceeded(deployment.Model.ContextTokens, longest, 0));
            }
            generation = new Generation
            {
                Choices = [],
                PromptTokens = (int)Math.Min(int.MaxValue, embeddings.Inputs.Sum(i => (long)i.Tokens)),
                Blocks = [],
                OutputEstimate = 0,
            };
        }
        var seed = SeededRandom.Hash(call.Deployment.ModelId, Emulation.Seed);
        var usage = call.Faults.ToReported(generation.Usage);
        await ServeAsync(exchange, call, generation, runner => AnswerAsync(
            exchange, runner, call, w => embeddings.Write(w, call.Deployment.ModelId, seed, usage)));
    }

    static async Task StreamAsync(Exchange exchange, AnswerRunner runner, AnswerShape shape, bool isChat)
    {
        exchange.Http.Response.ContentType = "text/event-stream; charset=utf-8";
        exchange.Http.Response.Headers.CacheControl = "no-cache";
        IStreamFrames frames = isChat ? new ChatFrames(shape) : new CompletionFrames(shape);
        await runner.StreamAsync(frames, shape.IncludesRunningUsage);
    }

    static void WriteWhole(Utf8JsonWriter writer, AnswerShape shape, bool isChat, Call call)
    {
        var usage = call.Faults.ToReported(shape.Generation.Usage);
        if (isChat)
        {
            WholeAnswers.WriteChat(writer, shape, usage);
        }
        else
        {
            WholeAnswers.WriteCompletion(writer, shape, usage);
        }
    }

    AnswerShape Shape(Exchange exchange, ApiRequest request, CloudDeployment deployment, bool isChat)
    {
        var tier = request.ServiceTier is null or "auto" ? null : request.ServiceTier;
        return new AnswerShape
        {
            Id = (isChat ? "chatcmpl-" : "cmpl-") + exchange.RequestId[4..],
            Model = deployment.ModelId,
            Created = Emulation.Clock.UnixSeconds,
            Vendor = exchange.Vendor,
            Generation = Plan(request.Generation, deployment, exchange.Cloud.Traits),
            ServiceTier = tier ?? (exchange.Vendor.TellsDefaultTier ? "default" : null),
            Streams = request.Streams,
            IncludesUsage = request.IncludesUsage,
            IncludesRunningUsage = request.WantsRunningUsage && exchange.Cloud.Config.RunningUsage,
            Logprobs = request.Logprobs,
            Echo = request.Echo,
            TellsFilters = exchange.TellsFilters && isChat,
            ChoicesPerPrompt = request.Generation.Choices,
        };
    }
}
