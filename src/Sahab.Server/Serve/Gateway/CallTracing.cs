using System.Diagnostics;
using System.Globalization;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// One server span for each call and one client span for each attempt, under OpenTelemetry's conventions for HTTP and
/// generative AI. Without a listener nothing is made. Neither prompts, answers nor keys are ever put into a span.
/// </summary>
internal static class CallTracing
{
    public const string SourceName = "Sahab.Serve";

    const string ErrorType = "error.type";

    static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins a call's span under the client's own, where it sent one along.</summary>
    public static Activity? StartCall(HttpContext context, Door door)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var headers = context.Request.Headers;
        ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var parent);
        // Only the client's span may be the parent, not one that happens to be current.
        Activity.Current = null;
        var route = door.Route;
        var span = Source.CreateActivity($"POST {route}", ActivityKind.Server, parent);
        span?.SetTag("http.request.method", "POST").SetTag("http.route", route)
            .SetTag("url.path", route).SetTag("url.scheme", context.Request.Scheme);
        return span?.Start();
    }

    public static void CallEnded(Call call, int status)
    {
        if (call.Span is not { } span)
        {
            return;
        }

        span.SetTag("http.response.status_code", status).SetTag("gen_ai.request.model", call.Model)
            .SetTag("sahab.call", call.Id.ToString()).SetTag("sahab.attempts", call.Events.Count)
            .SetTag("sahab.queued_ms", call.QueuedMs);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetTag(ErrorType, status.ToString(CultureInfo.InvariantCulture)).SetStatus(ActivityStatusCode.Error);
        }

        span.Stop();
    }

    /// <summary>Begins the span of an attempt; <see cref="Activity.Id"/> is what the cloud is told.</summary>
    public static Activity? StartAttempt(Attempt attempt)
    {
        if (attempt.Call.Span is not { } parent)
        {
            return null;
        }

        var (call, spec) = (attempt.Call, attempt.Target.Deployment.Spec);
        var operation = OperationNames.GenAiOf(call.Operation);
        var span = Source.CreateActivity($"{operation} {call.Model}", ActivityKind.Client, parent.Context);
        var address = attempt.Target.Upstream.Address;
        span?.SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.provider.name", spec.Provider)
            .SetTag("gen_ai.request.model", call.Model).SetTag("server.address", address.Host)
            .SetTag("server.port", address.Port).SetTag("sahab.deployment", spec.Id)
            .SetTag("sahab.region", spec.Region).SetTag("sahab.attempt", attempt.Number);
        return span?.Start();
    }

    public static void AttemptEnded(Attempt attempt, UsageEvent usage)
    {
        if (attempt.Span is not { } span)
        {
            return;
        }

        if (usage.UpstreamStatus > 0)
        {
            span.SetTag("http.response.status_code", usage.UpstreamStatus);
        }

        if (usage.Usage.TotalTokens > 0)
        {
            span.SetTag("gen_ai.usage.input_tokens", usage.Usage.PromptTokens)
                .SetTag("gen_ai.usage.output_tokens", usage.Usage.OutputTokens)
                .SetTag("gen_ai.usage.cache_read.input_tokens", usage.Usage.CachedTokens)
                .SetTag("gen_ai.usage.cache_creation.input_tokens", usage.Usage.CacheWriteTokens);
        }

        if (OperationNames.ErrorTypeOf(usage.Outcome) is { } error)
        {
            span.SetTag(ErrorType, error).SetStatus(ActivityStatusCode.Error);
        }

        span.Stop();
    }
}
