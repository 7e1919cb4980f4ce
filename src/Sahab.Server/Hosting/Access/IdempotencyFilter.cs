using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Hosting.Access;

/// <summary>
/// Makes a change once, however often it is sent: the same <c>Idempotency-Key</c> of the same caller gets the answer of the
/// first. It comes after <see cref="AccessFilter"/>, so that nothing is kept for who may not; calls of the playground change
/// nothing, and of what they say nothing is kept.
/// </summary>
internal sealed partial class IdempotencyFilter(
    IdempotentRequestStore store, MonotonicClock clock, TimeProvider time, ILogger<IdempotencyFilter> logger) : IEndpointFilter
{
    public const string Header = "Idempotency-Key";

    /// <summary>The longest key, in characters.</summary>
    public const int MaxKeyChars = 255;

    /// <summary>The longest body of a request with a key, in bytes: it is read before the endpoint is asked.</summary>
    public const int MaxBodyBytes = 8 * 1024 * 1024;

    /// <summary>The longest answer that is kept, in bytes.</summary>
    public const int MaxAnswerBytes = 1024 * 1024;

    /// <summary>For how long a request waits for the same one that came before it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    const string ReplayedHeader = "Idempotency-Replayed";

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    static readonly ControlProblem AnotherRequest = new(
        StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused",
        "This key came before with another request, or with another credential. Give each change a key of its own.");

    static readonly ControlProblem Unfinished = new(
        StatusCodes.Status409Conflict, "not_finished",
        "The same request came before and is not finished. Wait and send it again; if that does not help, the server was "
        + "stopped in the middle of it: look whether it was done, and use another key.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    static readonly ControlProblem NotKept = new(
        StatusCodes.Status409Conflict, "answer_not_kept", "This was done before, and its answer was too long to be kept.");

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var request = http.Request;
        var key = request.Headers[Header].ToString();
        if (key.Length == 0 || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
            || http.GetEndpoint()?.Metadata.GetMetadata<Needed>()?.For(request.Method) is Permission.Public or Permission.Play
            || Caller.Find(http) is not { Credential: { } credential } caller)
        {
            return await next(context);
        }

        if (key.Length > MaxKeyChars || key.Any(character => character is < '!' or > '~'))
        {
            return ControlError.Invalid(
                Header,
                $"The key has at most {MaxKeyChars} characters of ASCII without white space, such as those of a UUID.");
        }

        if (await ControlBody.BytesAsync(http, MaxBodyBytes) is not { } body)
        {
            return ControlBody.TooLong(MaxBodyBytes);
        }

        var wait = store.TakeRoom(caller.Name, clock.NowMs);
        if (wait > TimeSpan.Zero)
        {
            return ControlError.TooMany("Too many changes with a key of their own. Wait, and send it again.", wait);
        }

        request.Body = new MemoryStream(body);
        var seal = new AnswerSeal(credential, key);
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.Name}\n{key}")));
        var print = seal.PrintOf(request.Method, $"{request.Path}{request.QueryString}", body);
        return await BeginAsync(id, print, http.RequestAborted) is not { } before ? await RunAsync(context, next, id, seal)
            : before.Print != print ? AnotherRequest
            : before.Status == 0 ? Unfinished
            : before.Answer.Length == 0 ? NotKept
            : new Replay(before, seal.Open(before.Answer, id));
    }

    /// <summary>Begins the request, or waits for the answer to the one that was begun before; null: begun.</summary>
    async Task<IdempotentRequest?> BeginAsync(string id, string print, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var before = await store.BeginAsync(id, print, time.GetUtcNow(), cancellation);
            if (before is not { Status: 0 } || before.Print != print || time.GetElapsedTime(start) >= Patience)
            {
                return before;
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    /// <summary>Has the endpoint answer, and keeps the answer if it says that something was done.</summary>
    async Task<object?> RunAsync(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next, string id, AnswerSeal seal)
    {
        var http = context.HttpContext;
        var (client, aborted) = (http.Response.Body, http.RequestAborted);
        using var answer = new MemoryStream();
        http.Response.Body = answer;
        // A client that gives up and asks again is what keys are for: what they asked for goes on to its end.
        http.RequestAborted = CancellationToken.None;
        try
        {
            var result = await next(context);
            await (result as IResult ?? Results.Json(result)).ExecuteAsync(http);
            await http.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }
        catch
        {
            await store.ForgetAsync(id, CancellationToken.None);
            throw;
        }
        finally
        {
            http.Response.Body = client;
            http.RequestAborted = aborted;
        }

        await KeepAsync(http.Response, answer, id, seal);
        answer.Position = 0;
        await answer.CopyToAsync(client, aborted);
        return Results.Empty;
    }

    async Task KeepAsync(HttpResponse response, MemoryStream answer, string id, AnswerSeal seal)
    {
        try
        {
            if (response.StatusCode is < 200 or > 299)
            {
                await store.ForgetAsync(id, CancellationToken.None);
                return;
            }

            var kept = answer.Length > MaxAnswerBytes ? "" : seal.Seal(answer.ToArray(), id);
            await store.EndAsync(id, response.StatusCode, response.ContentType ?? "", kept, CancellationToken.None);
        }
        catch (Exception error)
        {
            // It was done, and who asked learns that; who asks again learns that it is not known to be finished.
            LogNotKept(error);
        }
    }

    [LoggerMessage(7023, LogLevel.Error, "An answer to a request with an idempotency key could not be kept.")]
    partial void LogNotKept(Exception error);

    /// <summary>The answer that was given before.</summary>
    sealed class Replay(IdempotentRequest before, byte[] answer) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = before.Status;
            response.ContentType = before.ContentType.Length == 0 ? null : before.ContentType;
            response.Headers.CacheControl = "no-store";
            response.Headers[ReplayedHeader] = "true";
            if (answer.Length == 0)
            {
                // There is no body to a 204, and its length may not be told either.
                return;
            }

            response.ContentLength = answer.Length;
            await response.Body.WriteAsync(answer, httpContext.RequestAborted);
        }
    }
}
