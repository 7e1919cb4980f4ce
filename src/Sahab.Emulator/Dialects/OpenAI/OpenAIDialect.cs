using System.Collections.Frozen;
using System.Text.Json;
using Sahab.Emulator.Billing;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.OpenAI.Vendors;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Engine.Schemas;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>The OpenAI-compatible surface of every cloud: <c>[/region]/v1/...</c>.</summary>
internal sealed class OpenAIDialect(Emulation emulation)
{
    readonly FrozenDictionary<CloudStyle, VendorStyle> _vendors =
        Enum.GetValues<CloudStyle>().ToFrozenDictionary(style => style, VendorStyle.Of);

    public async Task HandleAsync(HttpContext http, CloudConnection connection)
    {
        var ordinal = emulation.NextOrdinal();
        var exchange = new Exchange(http, connection, _vendors[connection.Cloud.Config.Style], ordinal)
        {
            RequestId = emulation.NameCall(ordinal),
        };
        try
        {
            await RouteAsync(exchange);
        }
        catch (ApiException refused)
        {
            await exchange.SendErrorAsync(refused.Error);
        }
        catch (SchemaException unsupported)
        {
            await exchange.SendErrorAsync(ApiError.Invalid(
                $"Invalid schema: {unsupported.Message}.", "response_format", "invalid_json_schema"));
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException && exchange.Channel.ClientGone)
        {
            exchange.Channel.Abort();
        }
    }

    async Task RouteAsync(Exchange exchange)
    {
        var path = exchange.Http.Request.Path.Value ?? "";
        var cloud = exchange.Cloud;
        var at = path.IndexOf("/v1/", StringComparison.Ordinal);
        var region = at > 0 ? path[1..at] : cloud.FirstRegion;
        exchange.Vendor.AddIdHeaders(exchange.Http.Response.Headers, exchange.RequestId, region);
        exchange.Authenticate();
        var deployments = at >= 0 ? cloud.FindRegion(region) : null;
        var method = exchange.Http.Request.Method;
        if (deployments is null)
        {
            throw new ApiException(ApiError.UnknownPath(path));
        }
        switch (method, path[(at + 4)..])
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
            case ("GET", "models"):
                if (DropWhenDown(exchange, region))
                {
                    return;
                }
                await exchange.SendJsonAsync(200, w => ModelList.WriteAll(w, deployments.Values, emulation.Clock));
                break;
            case ("GET", var rest) when rest.StartsWith("models/", StringComparison.Ordinal):
                if (DropWhenDown(exchange, region))
                {
                    return;
                }
                var model = deployments.GetValueOrDefault(rest[7..])
                    ?? throw new ApiException(ApiError.UnknownModel(rest[7..]));
                await exchange.SendJsonAsync(200, w => ModelList.Write(w, model, emulation.Clock));
                break;
            case (_, "chat/completions" or "completions" or "embeddings" or "models"):
                throw new ApiException(ApiError.UnknownPath(path) with
                {
                    Status = 405,
                    Message = $"Not allowed to {method} on {path}.",
                });
            default:
                throw new ApiException(ApiError.UnknownPath(path));
        }
    }

    /// <summary>Aborts the connection when the region is down; true when it is.</summary>
    bool DropWhenDown(Exchange exchange, string region)
    {
        var isDown = emulation.Faults.Draw(exchange.Cloud.Id, region, "", exchange.Ordinal).Down;
        if (isDown)
        {
            exchange.Channel.Abort();
        }
        return isDown;
    }

    async Task CompleteAsync(Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments, bool isChat)
    {
        AnswerShape shape;
        Call call;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        using (var request = new ApiRequest())
        {
            var fields = RequestFields.OfBody(body.Root);
            var deployment = FindDeployment(deployments, fields, ModelKind.Chat);
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
            var deployment = FindDeployment(deployments, fields, ModelKind.Embedding);
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
        var seed = SeededRandom.Hash(call.Deployment.ModelId, emulation.Seed);
        var usage = call.Faults.ToReported(generation.Usage);
        await ServeAsync(exchange, call, generation, runner => AnswerAsync(
            exchange, runner, call, w => embeddings.Write(w, call.Deployment.ModelId, seed, usage)));
    }

    static CloudDeployment FindDeployment(
        FrozenDictionary<string, CloudDeployment> deployments, RequestFields fields, ModelKind kind)
    {
        var model = fields.RequiredText("model");
        var found = deployments.GetValueOrDefault(model) ?? throw new ApiException(ApiError.UnknownModel(model));
        return found.Model.Kind == kind
            ? found
            : throw fields.Invalid(
                "model", $"The model '{model}' does not support this operation.", "unsupported_model");
    }

    static void CheckContext(GenerationRequest request, ModelConfig model)
    {
        var prompt = request.Prompts.Max(p => p.Tokens);
        var output = request.MaxTokens ?? 1;
        if ((long)prompt + output > model.ContextTokens)
        {
            throw new ApiException(ApiError.ContextExceeded(model.ContextTokens, prompt, output));
        }
    }

    static async Task StreamAsync(Exchange exchange, AnswerRunner runner, AnswerShape shape, bool isChat)
    {
        exchange.Http.Response.ContentType = "text/event-stream; charset=utf-8";
        exchange.Http.Response.Headers.CacheControl = "no-cache";
        IStreamFrames frames = isChat ? new ChatFrames(shape) : new CompletionFrames(shape);
        await runner.StreamAsync(frames, shape.IncludesRunningUsage);
    }

    static async Task AnswerAsync(Exchange exchange, AnswerRunner runner, Call call, Action<Utf8JsonWriter> write)
    {
        if (!await runner.AnswerAsync())
        {
            exchange.Channel.Abort();
            return;
        }
        switch (call.Faults.Break?.Kind)
        {
            case FaultKind.Cut:
                await exchange.SendHalfAsync(write);
                break;
            case FaultKind.ErrorIn200:
                await exchange.SendJsonAsync(200, w => exchange.Vendor.WriteError(w, ApiError.Server(500)));
                break;
            default:
                await exchange.SendJsonAsync(200, write);
                break;
        }
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
        var traits = exchange.Cloud.Traits;
        var seed = SeededRandom.Hash(deployment.ModelId, emulation.Seed);
        var tier = request.ServiceTier is null or "auto" ? null : request.ServiceTier;
        return new AnswerShape
        {
            Id = (isChat ? "chatcmpl-" : "cmpl-") + exchange.RequestId[4..],
            Model = deployment.ModelId,
            Created = emulation.Clock.UnixSeconds,
            Vendor = exchange.Vendor,
            Generation = GenerationPlanner.Plan(request.Generation, deployment.Model, deployment.Profile, traits, seed),
            ServiceTier = tier ?? (exchange.Vendor.TellsDefaultTier ? "default" : null),
            Streams = request.Streams,
            IncludesUsage = request.IncludesUsage,
            IncludesRunningUsage = request.WantsRunningUsage && exchange.Cloud.Config.RunningUsage,
            Logprobs = request.Logprobs,
            Echo = request.Echo,
            ChoicesPerPrompt = request.Generation.Choices,
        };
    }

    Call BeginCall(Exchange exchange, CloudDeployment deployment, string operation, bool streamed) =>
        new(exchange.Cloud, deployment, exchange.RequestId, exchange.Ordinal)
        {
            Key = exchange.Key,
            Operation = operation,
            Streamed = streamed,
            Faults = emulation.Faults.Draw(exchange.Cloud.Id, deployment.Region, deployment.ModelId, exchange.Ordinal),
        };

    /// <summary>Lets the faults strike that come before any work; true when one did.</summary>
    async Task<bool> StrikeAsync(Exchange exchange, Call call)
    {
        var faults = call.Faults;
        if (faults is { Down: false, Throttle: null, Error: null })
        {
            return false;
        }
        call.Settle(CallOutcome.Refused, Usage.None, Usage.None, emulation.Clock.Time.GetUtcNow());
        if (faults.Down)
        {
            exchange.Channel.Abort();
        }
        else if (faults.Throttle is { } storm)
        {
            await exchange.SendErrorAsync(exchange.Vendor.Throttled(
                call.Deployment.ModelId, call.Operation, storm.RetryAfterSeconds ?? 1));
        }
        else
        {
            await exchange.SendErrorAsync(
                ApiError.Server(faults.Error!.Status ?? 500) with { RetrySeconds = faults.Error.RetryAfterSeconds });
        }
        return true;
    }

    async Task ServeAsync(Exchange exchange, Call call, Generation generation, Func<AnswerRunner, Task> answer)
    {
        var gate = call.Deployment.Gate;
        var clock = emulation.Clock;
        var estimate = generation.PromptTokens + generation.OutputEstimate;
        var ticket = gate.TryTake(Math.Max(1, generation.Choices.Length), estimate, clock.NowMs, out var refusal);
        exchange.Vendor.AddLimitHeaders(exchange.Http.Response.Headers, gate.ReadLimits(clock.NowMs), clock);
        if (ticket is null)
        {
            call.Settle(CallOutcome.Refused, Usage.None, Usage.None, clock.Time.GetUtcNow());
            // A request that never fits is told to come back in a day, by everybody's watch.
            var seconds = refusal.Kind == RefusalKind.LargerThanLimit
                ? refusal.RetryMs / 1000
                : clock.ToRealMs(refusal.RetryMs) / 1000;
            await exchange.SendErrorAsync(
                exchange.Vendor.Refused(refusal, call.Deployment.ModelId, call.Operation, seconds));
            return;
        }
        call.Cloud.Calls[call] = 0;
        try
        {
            // An outage that began since the call drew its faults did not find it among the running ones.
            var deployment = call.Deployment;
            if (emulation.Faults.Draw(call.Cloud.Id, deployment.Region, deployment.ModelId, call.Ordinal).Down)
            {
                call.Kill();
            }
            var runner = new AnswerRunner(call, generation, ticket, exchange.Channel, emulation);
            if (await runner.EnterAsync())
            {
                try
                {
                    await answer(runner);
                }
                finally
                {
                    runner.SettleUnfinished();
                }
            }
            else
            {
                call.Settle(CallOutcome.Refused, Usage.None, Usage.None, clock.Time.GetUtcNow());
                exchange.Channel.Abort();
            }
        }
        finally
        {
            gate.Leave(ticket);
            call.Cloud.Calls.TryRemove(call, out _);
        }
    }
}
