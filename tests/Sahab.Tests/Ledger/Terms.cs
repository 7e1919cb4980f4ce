using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger;

/// <summary>Short words for contracts in tests.</summary>
internal static partial class Terms
{
    public static readonly ClauseSource Page = new("MSA.pdf", 3);

    /// <summary>Far enough ahead that everything is known.</summary>
    public static readonly DateTimeOffset Hindsight = At("2100-01-01");

    /// <summary>A day or an hour of UTC.</summary>
    public static DateTimeOffset At(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public static Selector Of(params string[] services) => new() { Services = services.ToValueList() };

    public static Contract Contract(string provider, string from, params Clause[] clauses) => new()
    {
        Id = provider,
        Provider = provider,
        Versions = [Version(1, from, clauses)],
    };

    public static ContractVersion Version(int number, string from, params Clause[] clauses) => new()
    {
        Number = number,
        ValidFrom = At(from),
        KnownFrom = At(from),
        Clauses = clauses.ToValueList(),
    };

    public static ContractBook Book(params Contract[] contracts) => new(contracts, []);

    public static ServiceUse Use(
        string provider, string at, string service, decimal quantity, decimal price = 1) => new()
        {
            EventId = Guid.NewGuid(),
            UsedAt = At(at),
            Provider = provider,
            Region = "region",
            Country = "US",
            Service = service,
            Quantity = quantity,
            UnitPrice = price,
        };

    public static UsageEvent Tokens(string provider, string deployment, string at, long prompt, long output) =>
        SampleUsage.Make(2) with
        {
            EventId = Guid.NewGuid(),
            Provider = provider,
            Deployment = deployment,
            Region = "region",
            Country = "US",
            StartedAt = At(at),
            Usage = new TokenUsage(prompt, 0, output, 0),
            Flags = UsageFlags.None,
        };
}
