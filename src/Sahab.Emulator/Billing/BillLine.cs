using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Billing;

/// <summary>Whose counters a call adds to.</summary>
/// <param name="Cloud">Cloud id.</param>
/// <param name="Region">Region id.</param>
/// <param name="Model">Model id.</param>
/// <param name="Key">Id of the API key.</param>
public readonly record struct BillAccount(string Cloud, string Region, string Model, string Key);

/// <summary>One account's totals.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Requests">Calls that were billed.</param>
/// <param name="Unbilled">Calls that reached the deployment and cost nothing: refused, failed, broken by the
/// cloud.</param>
/// <param name="Billed">What the cloud charges for.</param>
/// <param name="Served">What it really processed, unbilled calls included.</param>
public sealed record BillEntry(BillAccount Account, long Requests, long Unbilled, Usage Billed, Usage Served);

/// <summary>How a call ended, as the cloud's books see it.</summary>
public enum CallOutcome
{
    /// <summary>Answered in full.</summary>
    Answered,

    /// <summary>The client left before the end.</summary>
    ClientLeft,

    /// <summary>The cloud broke off its answer.</summary>
    Broken,

    /// <summary>An error before any token.</summary>
    Refused,
}

/// <summary>One call that was served, be it in part.</summary>
public sealed record BillLine
{
    /// <summary>The <c>x-request-id</c> that the client was told.</summary>
    public required string RequestId { get; init; }

    /// <summary>When the call was settled.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whose counters it went to.</summary>
    public required BillAccount Account { get; init; }

    /// <summary>The operation, such as <c>chat.completions</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>Whether the answer was streamed.</summary>
    public required bool Streamed { get; init; }

    /// <summary>How it ended.</summary>
    public required CallOutcome Outcome { get; init; }

    /// <summary>What was charged.</summary>
    public required Usage Billed { get; init; }

    /// <summary>What was really processed.</summary>
    public required Usage Served { get; init; }
}
