using Sahab.Ledger.Capacity;
using Sahab.Ledger.Money;

namespace Sahab.Server.Sell.Capacity;

/// <summary>What was told of a reservation last. The numbers are stored.</summary>
internal enum ReservationStage
{
    Reserved = 0,
    Started = 1,

    /// <summary>That it will end was announced, and it was renewed if that was wanted and possible.</summary>
    Ending = 2,

    Ended = 3,
}

/// <summary>Throughput of a model that an organisation has bought for a term.</summary>
/// <param name="Id"><c>rsv_</c> and 26 characters.</param>
/// <param name="Project">The project whose keys have it; empty: all of the organisation.</param>
/// <param name="Offer">What it was bought by; its price is kept here, whatever becomes of the offer.</param>
internal sealed record Reservation(
    string Id, string Organisation, string Project, string Model, string Offer, string Term)
{
    public const string IdKind = "rsv";

    /// <summary>What becomes of a reservation that ends is told so long before, or a tenth of its term if that is less.</summary>
    public static readonly TimeSpan LongestNotice = TimeSpan.FromDays(7);

    public long Units { get; init; }

    /// <summary>Of all units together.</summary>
    public long TokensPerMinute { get; init; }

    /// <summary>Of the whole term.</summary>
    public NanoUsd Price { get; init; }

    public DateTimeOffset From { get; init; }

    /// <summary>Its end, which no longer belongs to it.</summary>
    public DateTimeOffset Until { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was given up, before it began; null: it was not.</summary>
    public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>Whether another term is bought when it ends.</summary>
    public bool Renews { get; init; }

    /// <summary>The reservation that it goes on from.</summary>
    public string? RenewalOf { get; init; }

    /// <summary>The reservation that goes on from it.</summary>
    public string? Renewal { get; init; }

    public ReservationStage Stage { get; init; }

    /// <summary>Since when less is held than is needed to keep it when a cloud fails; null: enough is.</summary>
    public DateTimeOffset? AtRiskSince { get; init; }

    /// <summary>Who shares it: the organisation, or one of its projects.</summary>
    public string Holder => HolderOf(Organisation, Project);

    /// <summary>When it is told that it will end.</summary>
    public DateTimeOffset NoticeAt
    {
        get
        {
            var tenth = (Until - From) / 10;
            return Until - (tenth < LongestNotice ? tenth : LongestNotice);
        }
    }

    public static string HolderOf(string organisation, string project) =>
        project.Length == 0 ? organisation : $"{organisation}/{project}";

    public string StateAt(DateTimeOffset now) =>
        CancelledAt is not null ? "cancelled" : now < From ? "scheduled" : now < Until ? "active" : "ended";

    public SoldCapacity ToSold() => new(Id, Holder, TokensPerMinute, From, Until);
}
