using System.Collections.Frozen;
using System.Text.Json;
using Sahab.Emulator.Billing;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.Anthropic;
using Sahab.Emulator.Dialects.Azure;
using Sahab.Emulator.Dialects.Bedrock;
using Sahab.Emulator.Dialects.Oci;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Dialects.Vertex;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Engine.Schemas;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator.Dialects;

/// <summary>
/// A wire protocol of a cloud: reads requests, and writes what the engine generates. What does not depend on the
/// protocol is here: faults before any work, capacity, the call's one entry in the books.
/// </summary>
internal abstract class CloudDialect(Emulation emulation)
{
    protected Emulation Emulation { get; } = emulation;

    /// <summary>The protocol of each style.</summary>
    public static FrozenDictionary<CloudStyle, CloudDialect> All(Emulation emulation)
    {
        var openAI = new OpenAIDialect(emulation);
        var bedrock = new BedrockDialect(emulation, openAI);
        return Enum.GetValues<CloudStyle>().ToFrozenDictionary(style => style, CloudDialect (style) => style switch
        {
            CloudStyle.Azure => new AzureDialect(emulation),
            CloudStyle.Anthropic => new AnthropicDialect(emulation),
            CloudStyle.Oracle => new OciDialect(emulation),
            CloudStyle.Google => new VertexDialect(emulation),
            CloudStyle.Bedrock => bedrock,
            _ => openAI,
        });
    }

    public async Task HandleAsync(HttpContext http, CloudConnection connection)
    {
        var ordinal = Emulation.NextOrdinal();
        var exchange = new Exchange(http, connection, Vendors[connection.Cloud.Config.Style], ordinal)
        {
            RequestId = Emulation.NameCall(ordinal),
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

    /// <summary>Authenticates, finds the operation by method and path, and answers.</summary>
    /// <exception cref="ApiException">The request is refused.</exception>
    protected abstract Task RouteAsync(Exchange exchange);

    /// <summary>The deployment of a model, which must be of the kind that the operation needs.</summary>
    protected static CloudDeployment FindDeployment(
        FrozenDictionary<string, CloudDeployment> deployments, string model, ModelKind kind)
    {
        var found = deployments.GetValueOrDefault(model) ?? throw new ApiException(ApiError.UnknownModel(model));
        return found.Model.Kind == kind
            ? found
            : throw new ApiException(ApiError.Invalid(
                $"The model '{model}' does not support this operation.", "model", "unsupported_model"));
    }

    protected static void CheckContext(GenerationRequest request, ModelConfig model)
    {
        var prompt = request.Prompts.Max(p => p.Tokens);
        var output = request.MaxTokens ?? 1;
        if ((long)prompt + output > model.ContextTokens)
        {
            throw new ApiException(ApiError.ContextExceeded(model.ContextTokens, prompt, output));
        }
    }

    /// <summary>Aborts the connection when the region is down; true when it is.</summary>
    protected bool DropWhenDown(Exchange exchange, string region)
    {
        var isDown = Emulation.Faults.Draw(exchange.Cloud.Id, region, "", exchange.Ordinal).Down;
        if (isDown)
        {
            exchange.Channel.Abort();
        }
        return isDown;
    }

    /// <summary>A plan of the answer: every token that it will have.</summary>
    protected Generation Plan(GenerationRequest request, CloudDeployment deployment, CloudTraits traits) =>
        GenerationPlanner.Plan(
            request, deployment.Model, deployment.Profile, traits,
            SeededRandom.Hash(deployment.ModelId, Emulation.Seed));

    protected virtual Call BeginCall(Exchange exchange, CloudDeployment deployment, string operation, bool streamed) =>
        new(exchange.Cloud, deployment, exchange.RequestId, exchange.Ordinal)
        {
            Key = exchange.Key,
            Operation = operation,
            Streamed = streamed,
            Faults = Emulation.Faults.Draw(exchange.Cloud.Id, deployment.Region, deployment.ModelId, exchange.Ordinal),
        };

    /// <summary>Lets the faults strike that come before any work; true when one did.</summary>
    protected async Task<bool> StrikeAsync(Exchange exchange, Call call)
    {
        var faults = call.Faults;
        if (faults is { Down: false, Throttle: null, Error: null })
        {
            return false;
        }
        call.Settle(CallOutcome.Refused, Usage.None, Usage.None, Emulation.Clock.Time.GetUtcNow());
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

    /// <summary>Takes a place at the deployment, waits as its cloud lets calls wait, and has the call answered.</summary>
    /// <param name="answer">Answers through the runner, by <see cref="AnswerRunner.StreamAsync"/> or in one piece.</param>
    protected async Task ServeAsync(
        Exchange exchange, Call call, Generation generation, Func<AnswerRunner, Task> answer)
    {
        var gate = call.Gate;
        var clock = Emulation.Clock;
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
            await exchange.SendErrorAsync(call.IsProvisioned
                ? exchange.Vendor.ProvisionedFull(seconds)
                : exchange.Vendor.Refused(refusal, call.Deployment.ModelId, call.Operation, seconds));
            return;
        }
        call.Cloud.Calls[call] = 0;
        try
        {
            // An outage that began since the call drew its faults did not find it among the running ones.
            var deployment = call.Deployment;
            if (Emulation.Faults.Draw(call.Cloud.Id, deployment.Region, deployment.ModelId, call.Ordinal).Down)
            {
                call.Kill();
            }
            var runner = new AnswerRunner(call, generation, ticket, exchange.Channel, Emulation);
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

    /// <summary>Answers in one piece, once the time that it takes has passed; with the faults that strike then.</summary>
    protected static async Task AnswerAsync(
        Exchange exchange, AnswerRunner runner, Call call, Action<Utf8JsonWriter> write)
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

    static readonly FrozenDictionary<CloudStyle, VendorStyle> Vendors =
        Enum.GetValues<CloudStyle>().ToFrozenDictionary(style => style, VendorStyle.Of);
}
