using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Sahab.Routing.Admission;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Responses;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// The OpenAI-compatible operations that are routed to a cloud. A call is read once, authenticated, admitted against
/// its key's limits, and then run; whatever happens, it ends in exactly one place, which settles and records it.
/// </summary>
internal sealed partial class FrontDoor(
    SnapshotPublisher snapshots, CallRunner runner, Settlement settlement, Journal journal, UnrecordedUsage unrecorded,
    IDoorKeeper keeper, CallBudgets budgets, DataRulesShelf shelf, IdSource ids, TimeProvider time, MonotonicClock clock,
    ILogger<FrontDoor> logger)
{
    int _inHouse;

    /// <summary>Calls now in the house.</summary>
    public int InHouse => Volatile.Read(ref _inHouse);

    public Task HandleAsync(HttpContext context, Door door) => HandleAsync(context, door, caller: null, tier: null);

    /// <summary>Takes a call.</summary>
    /// <param name="caller">Whose it is, for calls that are made inside this process; the request says so otherwise.</param>
    /// <param name="tier">The tier that it gets; the request asks for one otherwise.</param>
    public Task HandleAsync(HttpContext context, Door door, ApiKey? caller, ServiceTier? tier)
    {
        var snapshot = snapshots.Current;
        return RunAsync(new Call
        {
            Id = ids.Next(),
            Context = context,
            Snapshot = snapshot,
            Door = door,
            Api = door.Api,
            Key = caller,
            FixedTier = tier,
            StartedAt = time.GetUtcNow(),
            StartedTimestamp = clock.Timestamp,
            DeadlineMs = clock.NowMs + snapshot.CallDeadlineMs,
            ClientGone = context.RequestAborted,
            Span = CallTracing.StartCall(context, door),
        });
    }

    /// <summary>Sees a call through to its end. What it needs it takes of the call: a call that waits holds no more.</summary>
    async Task RunAsync(Call call)
    {
        TellId(call);
        try
        {
            var error = Interlocked.Increment(ref _inHouse) > call.Snapshot.MaxConcurrentCalls
                ? GatewayError.TooManyCalls(call.Snapshot.MaxConcurrentCalls)
                : await PrepareAsync(call)
                    ?? (call.Door.CountsTokens ? await CountAsync(call) : await runner.RunAsync(call));
            if (error is not null)
            {
                call.Status = error.Status;
                call.FailureReason = error.Kept ?? error.Message;
                await ErrorResponse.WriteAsync(call.Context, error, call.Door.Api);
            }
        }
        catch (Exception failure)
        {
            // A fault of ours: the client gets an error that it can read, and the log what to mend.
            LogUnexpected(call.Id, failure);
            call.Status = StatusCodes.Status500InternalServerError;
            call.FailureReason = $"an unexpected failure ({failure.GetType().Name}); the log has it under the call's id";
            if (!call.IsRecorded)
            {
                // Whatever it was, the attempts before it have been billed.
                await settlement.RecordAsync(call);
            }

            await ErrorResponse.WriteAsync(call.Context, GatewayError.Unexpected(call.Id), call.Door.Api);
        }
        finally
        {
            call.ReleaseAll();
            settlement.Close(call);
            Interlocked.Decrement(ref _inHouse);
        }
    }

    /// <summary>Official clients show this id with every answer and in every error.</summary>
    static void TellId(Call call)
    {
        var (context, door) = (call.Context, call.Door);
        context.Response.Headers["x-request-id"] = call.Id.ToString();
        if (door.Api?.RequestIdHeader is { } header)
        {
            context.Response.Headers[header] = context.Response.Headers["x-request-id"];
        }
    }

    /// <summary>Reads, authenticates and admits; what is wrong with the call, or nothing.</summary>
    async ValueTask<GatewayError?> PrepareAsync(Call call)
    {
        var context = call.Context;
        var fault = KeyFault.None;
        var key = call.Key ?? FindKey(call, out fault);
        if (key is null)
        {
            return KeyGuesses.Refuse(context, fault);
        }

        call.Key = key;
        call.Rules = key.RulesIn(shelf);
        call.Countries = CallEstimate.CountriesFor(key, call.Rules);
        if (call.Rules?.Refusal is { } barred)
        {
            return GatewayError.Refused(barred);
        }

        if (!journal.IsHealthy || unrecorded.IsCrowded)
        {
            return GatewayError.UsageNotRecorded();
        }

        var limit = call.Snapshot.MaxBodyBytes;
        var (body, broken) = await BodyReader.ReadAsync(
            context.Request.BodyReader, context.Request.ContentLength, limit, call.ClientGone);
        if (broken != BodyFault.None)
        {
            return broken == BodyFault.TooLarge ? GatewayError.BodyTooLarge(limit) : GatewayError.BodyIncomplete();
        }

        call.Hold(body);
        if (key.Admin && context.Request.Headers.ContainsKey(Explanation.HeaderName))
        {
            call.Traces = [];
        }

        if (call.Door.HasKeeper && await keeper.OpenAsync(call) is { } missing)
        {
            return missing;
        }

        var mustAsk = false;
        var refusal = Translate(call) ?? Understand(call) ?? (call.Door.CountsTokens ? null : Admit(call, out mustAsk));
        return mustAsk ? await budgets.AskAsync(call) : refusal;
    }

    /// <summary>The key in a header that other vendors' clients have for it, or in the query as Google's may send it.</summary>
    /// <param name="fault">Why there is none.</param>
    public static ApiKey? FindForeignKey(HttpContext context, ServeSnapshot snapshot, bool inQuery, out KeyFault fault)
    {
        var headers = context.Request.Headers;
        string? secret = headers["x-api-key"].FirstOrDefault() ?? headers["x-goog-api-key"].FirstOrDefault();
        if (secret is null && inQuery)
        {
            secret = context.Request.Query["key"].FirstOrDefault();
        }

        return snapshot.Keys.FindSecret(secret, out fault);
    }

    static ApiKey? FindKey(Call call, out KeyFault fault)
    {
        var headers = call.Context.Request.Headers;
        var connection = HttpProtocol.IsHttp11(call.Context.Request.Protocol)
            ? call.Context.Features.Get<IConnectionItemsFeature>()?.Items
            : null;
        var key = call.Snapshot.Keys.Find(headers.Authorization, connection, out fault);
        if (fault != KeyFault.Missing || call.Door.Api is null)
        {
            return key;
        }

        return FindForeignKey(call.Context, call.Snapshot, call.Door.KeyInQuery, out fault);
    }

    /// <summary>Puts a request of another API into OpenAI's form, in place of the client's own body.</summary>
    static GatewayError? Translate(Call call)
    {
        if (call.Api is not { } api)
        {
            return null;
        }

        var terms = new ClientTerms(call.Id, call.StartedAt.ToUnixTimeSeconds(), call.Door.Model, call.Door.Stream);
        var chat = new ArrayBufferWriter<byte>(Math.Max(256, call.Body.Length));
        if (!api.TryOpen(call.Body, terms, chat, out var exchange, out var fault))
        {
            return GatewayError.BadRequest(fault);
        }

        call.Exchange = exchange;
        if (call.Rules is { KeepsNothing: true } && exchange is ResponsesExchange kept)
        {
            // Whatever was asked for; the answer says so from its first event on.
            kept.IsStored = false;
        }

        call.Replace(chat.WrittenMemory);
        return null;
    }

    static GatewayError? Understand(Call call)
    {
        var body = call.Body.Span;
        RequestFault fault;
        var isReadable = call.Operation.IsPassThrough()
            ? PassThroughBody.TryScan(call.Context.Request.ContentType, call.Door, body, out var facts, out fault)
            : RequestScanner.TryScan(body, call.Operation, out facts, out fault);
        if (!isReadable)
        {
            return GatewayError.BadRequest(fault);
        }

        call.Facts = facts;
        if (call.Rules?.Bounds.KeepFor is { } keepFor && KeepingWish.FindIn(call.Operation, body, keepFor) is { } wish)
        {
            return GatewayError.KeepingNotAllowed(wish, keepFor);
        }

        if (facts.ModelLength == 0)
        {
            return PassThroughBody.FindOnlyModel(call.Snapshot, call.Key!, call.Operation, out var only) ?? Take(call, only!);
        }

        Span<byte> scratch = stackalloc byte[RequestFacts.MaxModelBytes];
        var name = facts.ReadModel(body, scratch);
        if (!call.Snapshot.TryFindModel(name, out var route) || !call.Key!.MayUse(name))
        {
            return GatewayError.ModelNotFound(Encoding.UTF8.GetString(name));
        }

        return Take(call, route);
    }

    static GatewayError? Take(Call call, ModelRoute route)
    {
        call.Route = route;
        return route.Serves(OperationNames.ToRouting(call.Operation))
            ? null
            : GatewayError.OperationNotServed(route.Name, OperationNames.Of(call.Operation));
    }

    /// <param name="mustAsk">All else is well, and this node must ask for more of a hard budget.</param>
    GatewayError? Admit(Call call, out bool mustAsk)
    {
        mustAsk = false;
        var (key, route, facts) = (call.Key!, call.Route!, call.Facts);
        call.Tier = call.FixedTier ?? TierOf(facts.Tier, key.Tiers);
        if (!key.Tiers.Contains(call.Tier))
        {
            return GatewayError.TierNotAllowed(call.Tier);
        }

        var reserved = call.Snapshot.Reserved.Find(key.Tenant, key.Project, route);
        call.Request = CallEstimate.For(route, call.Operation, facts, key, call.Tier, call.Rules) with
        {
            Countries = call.Countries,
            Group = reserved?.Group ?? key.Group,
        };
        var admitted = key.Limiter.TryAdmit(call.Request.ReservedTokens, clock.NowMs, out var lease);
        call.KeyLease = lease;
        SahabHeaders.WriteLimits(call.Context.Response.Headers, key.Limiter, clock.NowMs);
        if (admitted.Admitted && reserved is not null)
        {
            call.Cover = CallCover.TryTake(reserved.Cover, call.Request.ReservedTokens, clock.NowMs);
        }

        return admitted.Verdict switch
        {
            AdmitVerdict.Admitted => budgets.Reserve(call, out mustAsk),
            AdmitVerdict.LargerThanLimit => GatewayError.LargerThanKeyLimit(
                call.Request.ReservedTokens, key.Limiter.Limits.TokensPerMinute ?? 0),
            AdmitVerdict.RequestsPerMinute => GatewayError.KeyLimited(
                "requests", key.Limiter.Limits.RequestsPerMinute ?? 0, admitted.RetryAfterMs),
            AdmitVerdict.TokensPerMinute => GatewayError.KeyLimited(
                "tokens", key.Limiter.Limits.TokensPerMinute ?? 0, admitted.RetryAfterMs),
            _ => GatewayError.KeyConcurrency(key.Limiter.Limits.Concurrency ?? 0, admitted.RetryAfterMs),
        };
    }

    /// <summary>Answers with the estimate of the prompt's tokens. Nothing is used by it, so nothing is metered.</summary>
    static async ValueTask<GatewayError?> CountAsync(Call call)
    {
        var estimate = CallEstimate.For(
            call.Route!, call.Operation, call.Facts, call.Key!, ServiceTier.Default, call.Rules);
        var response = call.Context.Response;
        response.ContentType = "application/json";
        call.Door.Api!.WriteTokenCount(response.BodyWriter, estimate.PromptTokens);
        await response.BodyWriter.FlushAsync(CancellationToken.None);
        call.Status = call.IsClientGone ? StatusCodes.Status499ClientClosedRequest : StatusCodes.Status200OK;
        return null;
    }

    /// <summary>The tier asked for, or what the key may have instead.</summary>
    public static ServiceTier TierOf(RequestTier asked, TierSet allowed) => allowed.Grant(
        asked switch
        {
            RequestTier.Priority or RequestTier.Scale => ServiceTier.Priority,
            RequestTier.Flex => ServiceTier.Flex,
            RequestTier.Batch => ServiceTier.Batch,
            _ => ServiceTier.Default,
        });

    [LoggerMessage(1001, LogLevel.Error, "Call {CallId} failed unexpectedly")]
    partial void LogUnexpected(Guid callId, Exception failure);
}
