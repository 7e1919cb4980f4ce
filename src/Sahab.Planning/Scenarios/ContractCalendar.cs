using Sahab.Ledger.Contracts;
using Sahab.Routing.Steering;

namespace Sahab.Planning.Scenarios;

/// <summary>
/// The contracts of a scenario by its own time. Windows of commitments that reach beyond the scenario are cut at its
/// beginning and end, and so is what is to be drawn in them, in proportion.
/// </summary>
internal sealed class ContractCalendar
{
    readonly double _hourMs;

    /// <summary>Of a scenario without problems.</summary>
    public ContractCalendar(Scenario scenario)
    {
        var agreed = scenario.Contracts
            ?? (scenario.Commitments.IsEmpty ? NoneOf(scenario) : TakeOrPay.ContractsOf(scenario));
        Hours = HoursOf(scenario.Length, agreed.Hour);
        First = Hour.Of(agreed.Begins);
        Share = agreed.Share;
        _hourMs = agreed.Hour.TotalMilliseconds;
        var book = new ContractBook(agreed.Book.Contracts.Select(Cut), agreed.Book.Rates);
        Contracts = book.KnownAt(DateTimeOffset.MaxValue);
        HasPrices = book.Contracts.SelectMany(contract => contract.Versions).SelectMany(version => version.Clauses)
            .Any(clause => clause is Rate or Exclusivity)
            || book.Contracts.Any(contract => contract.Currency != "USD");
        Uses = [.. scenario.Deployments.Select(deployment => SteeringTerms.UseOf(deployment.Spec))];
    }

    public ContractTimeline Contracts { get; }

    /// <summary>Whether they change what calls are decided by: prices, or who may serve.</summary>
    public bool HasPrices { get; }

    /// <summary>What calls of each deployment use, by its position in the scenario.</summary>
    public Use[] Uses { get; }

    /// <summary>The hour in which the scenario begins.</summary>
    public Hour First { get; }

    /// <summary>How many hours it takes. At least 1.</summary>
    public int Hours { get; }

    /// <summary>The part of all amounts that falls to the scenario.</summary>
    public decimal Share { get; }

    public Hour End => new(First.Number + Hours);

    /// <summary>The hour of a time of the scenario, from 0; what comes after its end is in the last.</summary>
    public int IndexAt(double ms) => Math.Clamp((int)(ms / _hourMs), 0, Hours - 1);

    public Hour At(int index) => new(First.Number + index);

    /// <summary>When an hour begins, in milliseconds of the scenario.</summary>
    public double MsOf(long index) => index * _hourMs;

    /// <summary>When an instant of the calendar is, in milliseconds of the scenario.</summary>
    public double MsOf(DateTimeOffset at) => MsOf(Hour.Of(at).Number - First.Number);

    /// <summary>How many hours so long a scenario has; a fraction is rounded.</summary>
    public static int HoursOf(TimeSpan length, TimeSpan hour) => (int)Math.Max(1, Math.Round(length / hour));

    static ScenarioContracts NoneOf(Scenario scenario) =>
        new() { Book = ContractBook.Empty, Begins = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), Hour = scenario.Length };

    Contract Cut(Contract contract) => contract with
    {
        Versions = contract.Versions.Select(version => version with
        {
            Clauses = version.Clauses.Select(Cut).ToValueList(),
        }).ToValueList(),
    };

    Clause Cut(Clause clause) => clause is Commitment commitment
        ? commitment with { Windows = commitment.Windows.Select(Cut).ToValueList() }
        : clause;

    CommitmentWindow Cut(CommitmentWindow window)
    {
        var from = window.From > First.Start ? window.From : First.Start;
        var until = window.Until < End.Start ? window.Until : End.Start;
        return until <= from || (from == window.From && until == window.Until) ? window : new CommitmentWindow(
            from, until,
            decimal.Round(window.Amount * (until - from).Ticks / (window.Until - window.From).Ticks, 9));
    }
}
