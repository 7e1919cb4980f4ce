using System.Buffers;
using Sahab.Routing.Decisions;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>What an explanation says besides the decision itself.</summary>
/// <param name="Key">Whose rules were applied.</param>
internal sealed record ExplainedRequest(
    string Key, string Model, string Countries, string Tier, string Needs, int PromptTokens, int OutputTokens,
    DecisionExplanation Decision);

/// <summary>
/// Answers why a request would go where, without sending it: reads it as the front door would, under the rules of any
/// key, and asks the router. Nothing is reserved.
/// </summary>
internal sealed class Explainer(
    SnapshotPublisher snapshots, DataRulesShelf shelf, MonotonicClock clock, IdSource ids)
{
    public async Task HandleAsync(HttpContext context)
    {
        var snapshot = snapshots.Current;
        var (body, fault) = await BodyReader.ReadAsync(
            context.Request.BodyReader, context.Request.ContentLength, snapshot.MaxBodyBytes, context.RequestAborted);
        using (body)
        {
            if (fault != BodyFault.None)
            {
                await ErrorResponse.WriteAsync(context, fault == BodyFault.TooLarge
                    ? GatewayError.BodyTooLarge(snapshot.MaxBodyBytes)
                    : GatewayError.BodyIncomplete());
                return;
            }

            var explained = Explain(context, snapshot, body.Memory, out var error);
            if (explained is null)
            {
                await ErrorResponse.WriteAsync(context, error!);
                return;
            }

            await context.Response.WriteAsJsonAsync(explained, Explanation.Json, context.RequestAborted);
        }
    }

    /// <summary>
    /// Where a call like one that has ended would go now: of the same key, model, tier and size, at its first attempt. Null:
    /// its key or model is not there any more, or its calls are not taken.
    /// </summary>
    public ExplainedRequest? Like(FinishedCall call)
    {
        var snapshot = snapshots.Current;
        if (snapshot.Keys.FindById(call.Tenant, call.Key) is not { } key
            || !snapshot.TryFindModel(System.Text.Encoding.UTF8.GetBytes(call.Model), out var route))
        {
            return null;
        }

        var rules = key.RulesIn(shelf);
        if (rules?.Refusal is not null)
        {
            return null;
        }

        var last = call.Attempts.Count > 0 ? call.Attempts[^1] : null;
        var wanted = new RouteRequest
        {
            Route = route,
            PromptTokens = (int)Math.Min(int.MaxValue, last?.Usage.PromptTokens ?? 0),
            OutputTokens = (int)Math.Min(int.MaxValue, last?.Usage.OutputTokens ?? 0),
            Countries = CallEstimate.CountriesFor(key, rules),
            Barred = rules?.BarredOf(route) ?? 0,
            Unfit = rules?.UnfitOf(route) ?? 0,
            Tier = Enum.TryParse<ServiceTier>(last?.ServiceTier, ignoreCase: true, out var tier) ? tier : ServiceTier.Default,
            Group = snapshot.Reserved.Find(key.Tenant, key.Project, route)?.Group ?? key.Group,
        };
        return Decide(key, route, wanted, snapshot);
    }

    ExplainedRequest? Explain(
        HttpContext context, ServeSnapshot snapshot, ReadOnlyMemory<byte> request, out GatewayError? error)
    {
        string? path = context.Request.Query["path"];
        var door = Door.At(path);
        var operation = door?.Operation ?? ApiOperation.ChatCompletions;
        var key = FindKey(context, snapshot);
        error = key is null ? GatewayError.UnknownKeyId() : null;
        if (key is null)
        {
            return null;
        }

        var rules = key.RulesIn(shelf);
        if (rules?.Refusal is { } refusal)
        {
            error = GatewayError.Refused(refusal);
            return null;
        }

        if (!TryTranslate(door, ref request, out var fault))
        {
            error = GatewayError.BadRequest(fault);
            return null;
        }

        var body = request.Span;
        var isReadable = operation.IsPassThrough()
            ? PassThroughBody.TryScan(context.Request.ContentType, door!, body, out var facts, out fault)
            : RequestScanner.TryScan(body, operation, out facts, out fault);
        if (!isReadable)
        {
            error = GatewayError.BadRequest(fault);
            return null;
        }

        var route = FindRoute(snapshot, key, operation, body, facts, out error);
        if (route is null)
        {
            return null;
        }

        var tier = FrontDoor.TierOf(facts.Tier, key.Tiers);
        var wanted = CallEstimate.For(route, operation, facts, key, tier, rules) with
        {
            Group = snapshot.Reserved.Find(key.Tenant, key.Project, route)?.Group ?? key.Group,
        };
        return Decide(key, route, wanted, snapshot);
    }

    ExplainedRequest Decide(ApiKey key, ModelRoute route, in RouteRequest wanted, ServeSnapshot snapshot)
    {
        var random = new RandomSource(ids.NextSeed());
        var trace = new DecisionTrace();
        Router.Decide(wanted, snapshot.Routing.Profile, clock.NowMs, ref random, trace);
        return new ExplainedRequest(
            key.Id, route.Name, wanted.Countries!.ToString(), wanted.Tier.ToString(), CallEstimate.Describe(wanted.Needs),
            wanted.PromptTokens, wanted.OutputTokens, Explanation.Of(trace));
    }

    static ModelRoute? FindRoute(
        ServeSnapshot snapshot, ApiKey key, ApiOperation operation, ReadOnlySpan<byte> body, in RequestFacts facts,
        out GatewayError? error)
    {
        if (facts.ModelLength == 0)
        {
            error = PassThroughBody.FindOnlyModel(snapshot, key, operation, out var only);
            return only;
        }

        Span<byte> scratch = stackalloc byte[RequestFacts.MaxModelBytes];
        var name = facts.ReadModel(body, scratch);
        var isKnown = snapshot.TryFindModel(name, out var route) && key.MayUse(name);
        error = isKnown ? null : GatewayError.ModelNotFound(System.Text.Encoding.UTF8.GetString(name));
        return isKnown ? route : null;
    }

    /// <summary>Puts a request of another API than OpenAI's into OpenAI's form.</summary>
    static bool TryTranslate(Door? door, ref ReadOnlyMemory<byte> request, out RequestFault fault)
    {
        fault = default;
        if (door?.Api is not { } api)
        {
            return true;
        }

        var chat = new ArrayBufferWriter<byte>(Math.Max(256, request.Length));
        var terms = new ClientTerms(Guid.Empty, 0, door.Model, door.Stream);
        if (!api.TryOpen(request, terms, chat, out var exchange, out fault))
        {
            return false;
        }

        exchange.Dispose();
        request = chat.WrittenMemory;
        return true;
    }

    /// <summary>The key whose id the query names, or the one that asks.</summary>
    static ApiKey? FindKey(HttpContext context, ServeSnapshot snapshot)
    {
        string? id = context.Request.Query["key"];
        return id is null
            ? snapshot.Keys.Find(context.Request.Headers.Authorization, out _)
            : snapshot.Keys.FindById(null, id);
    }
}
