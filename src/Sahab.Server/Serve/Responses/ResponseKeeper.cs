using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Routing.Requests;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;
using Sahab.Wire.Responses;

namespace Sahab.Server.Serve.Responses;

/// <summary>
/// Finds the turns that a call continues and the items that it names, and keeps its response. A call that continues
/// another may go only where both may: the data of every turn stays where the first one was allowed to be.
/// </summary>
internal sealed partial class ResponseKeeper(
    ResponseStore store, ConfigurationState configuration, TimeProvider time, ILogger<ResponseKeeper> logger)
    : IDoorKeeper
{
    /// <summary>How long the last byte of an answer may wait for its response to be kept.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async ValueTask<GatewayError?> OpenAsync(Call call)
    {
        var references = ResponsesReferences.Find(call.Body.Span);
        if (!references.Any)
        {
            return null;
        }

        // The thread waits for sockets and must not wait for a database.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var (key, now) = (call.Key!, time.GetUtcNow());
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            var earlier = await FindTurnsAsync(key, references.PreviousResponse, now, patience.Token);
            if (earlier is null)
            {
                return ResponseErrors.NoPrevious(references.PreviousResponse!);
            }

            if (earlier.Sum(turn => (long)turn.Input.Length + turn.Body.Length) > call.Snapshot.MaxBodyBytes)
            {
                return ResponseErrors.ConversationTooLong(call.Snapshot.MaxBodyBytes);
            }

            var named = await FindNamedAsync(key, references.Items, now, patience.Token);
            foreach (var turn in earlier.Concat(named.Values))
            {
                call.Countries = call.Countries!.And(CountrySet.Parse(turn.Countries));
            }

            call.Api = new ResponsesApi(new ResponsesContext
            {
                Earlier = [.. earlier.SelectMany(ItemsOf)],
                Items = ItemsByName(references.Items, named),
            });
            return null;
        }
        catch (Exception failure) when (IsOfDatabase(failure))
        {
            LogNotFound(call.Id, failure);
            return ResponseErrors.StoreUnavailable();
        }
    }

    public async ValueTask<bool> KeepAsync(Call call)
    {
        if (call.Exchange is not ResponsesExchange { IsStored: true } exchange)
        {
            return true;
        }

        var body = new ArrayBufferWriter<byte>(1024);
        exchange.WriteResponse(body);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            Guid? previous = ResponseIds.TryReadResponse(exchange.Previous, out var before) ? before : null;
            var response = new StoredResponse(
                call.Id, previous, call.Key!.Tenant, call.Countries!.ToString(), call.StartedAt,
                Encoding.UTF8.GetString(exchange.Input.Span), Encoding.UTF8.GetString(body.WrittenSpan))
            {
                Project = call.Key.Project,
            };
            await store.AddAsync(
                response, time.GetUtcNow() + KeepFor(call), patience.Token, call.Rules?.Bounds.KeepFor);
            return true;
        }
        catch (Exception failure) when (IsOfDatabase(failure))
        {
            // The answer is there and will be paid for: it goes out, and says that nobody kept it.
            LogNotKept(call.Id, failure);
            exchange.IsStored = false;
            return false;
        }
    }

    TimeSpan KeepFor(Call call)
    {
        var retention = configuration.Current.Responses.Retention;
        return call.Rules?.KeepFor(retention) ?? retention;
    }

    static bool IsOfDatabase(Exception failure) =>
        failure is System.Data.Common.DbException or OperationCanceledException or TimeoutException or IOException
            or System.Net.Sockets.SocketException or InvalidOperationException;

    /// <summary>The turns that a call continues, the first first; null where they are not all there.</summary>
    async Task<List<StoredResponse>?> FindTurnsAsync(
        ApiKey key, string? previous, DateTimeOffset now, CancellationToken cancellation)
    {
        if (previous is null)
        {
            return [];
        }

        var turns = ResponseIds.TryReadResponse(previous, out var id)
            ? await store.ConversationAsync(key.Tenant, key.Project, id, now, cancellation)
            : [];
        return turns.Count > 0 ? turns : null;
    }

    /// <summary>The responses that named items belong to.</summary>
    async Task<Dictionary<Guid, StoredResponse>> FindNamedAsync(
        ApiKey key, IReadOnlyList<string> items, DateTimeOffset now, CancellationToken cancellation)
    {
        var responses = new Dictionary<Guid, StoredResponse>();
        foreach (var item in items)
        {
            if (ResponseIds.TryReadItem(item, out var id) && !responses.ContainsKey(id)
                && await store.FindAsync(key.Tenant, key.Project, id, now, cancellation) is { } response)
            {
                responses.Add(id, response);
            }
        }

        return responses;
    }

    static Dictionary<string, JsonElement> ItemsByName(
        IReadOnlyList<string> names, Dictionary<Guid, StoredResponse> responses)
    {
        var wanted = names.ToHashSet(StringComparer.Ordinal);
        var found = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var item in responses.Values.SelectMany(ItemsOf).SelectMany(items => items.EnumerateArray()))
        {
            if (item.TryGetProperty("id"u8, out var id) && id.GetString() is { } name && wanted.Contains(name))
            {
                found[name] = item;
            }
        }

        return found;
    }

    /// <summary>A turn's items: what was given, and what came of it.</summary>
    static IEnumerable<JsonElement> ItemsOf(StoredResponse response)
    {
        yield return JsonElement.Parse(response.Input);
        yield return JsonElement.Parse(response.Body).GetProperty("output"u8);
    }

    [LoggerMessage(1401, LogLevel.Error, "Call {CallId}: the responses that it refers to could not be looked up")]
    partial void LogNotFound(Guid callId, Exception failure);

    [LoggerMessage(1402, LogLevel.Error, "Call {CallId}: its response could not be kept; its client was told so")]
    partial void LogNotKept(Guid callId, Exception failure);
}
