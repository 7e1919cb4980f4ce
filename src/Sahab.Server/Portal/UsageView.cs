using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Portal;

/// <summary>What an organisation used in a time, and its latest calls. Public as <see cref="ConsoleView"/> is.</summary>
public sealed class UsageView
{
    /// <summary>Groups with a colour of their own; the others share the last one.</summary>
    const int Coloured = 7;

    internal UsageView(ConsoleView console, CustomerQuestion question) => (Console, Question) = (console, question);

    public ConsoleView Console { get; }

    internal CustomerQuestion Question { get; }

    /// <summary>The word of the time that was chosen.</summary>
    internal string Period { get; init; } = "";

    /// <summary>What the chart shows: <c>amount</c>, <c>requests</c> or <c>tokens</c>.</summary>
    internal string Measure { get; init; } = "";

    /// <summary>The figures; null: there are too many.</summary>
    internal IReadOnlyList<CustomerUsage>? Parts { get; init; }

    internal IReadOnlyList<CustomerCall> Calls { get; init; } = [];

    /// <summary>Where the list of calls goes on; null: it ends here.</summary>
    internal string? Next { get; init; }

    /// <summary>Whether later calls than those on the page are left out.</summary>
    internal bool IsLater { get; init; }

    /// <summary>What keys and projects are called, by their ids.</summary>
    internal IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    internal string NameOf(string group) => Names.GetValueOrDefault(group, group);

    internal CustomerUsage Total => CustomerUsage.Sum(Question.From, "", Parts ?? []);

    /// <summary>Each group over the whole time, the dearest first.</summary>
    internal IReadOnlyList<CustomerUsage> Groups =>
    [
        .. (Parts ?? []).GroupBy(part => part.Group).Select(group => CustomerUsage.Sum(Question.From, group.Key, group))
            .OrderByDescending(group => group.AmountNano).ThenByDescending(group => group.Requests)
            .ThenBy(group => group.Group, StringComparer.Ordinal),
    ];

    /// <summary>When each bar begins.</summary>
    internal IReadOnlyList<DateTimeOffset> Starts
    {
        get
        {
            var step = Question.Step == UsageStep.Hour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);
            var starts = new List<DateTimeOffset>();
            for (var start = Question.From; start < Question.Until; start += step)
            {
                starts.Add(start);
            }

            return starts;
        }
    }

    /// <param name="all">What a single group is called.</param>
    /// <param name="others">What those without a colour of their own are called.</param>
    internal BarChart Chart(string all, string others)
    {
        var (starts, groups) = (Starts, Groups);
        var byPlace = (Parts ?? []).ToLookup(part => (part.Start, part.Group));
        double[] Values(IReadOnlyList<CustomerUsage> of) => [.. starts.Select(start => of.Sum(group =>
            byPlace[(start, group.Group)].Sum(ValueOf)))];
        var shown = groups.Take(Coloured).Select((group, index) => new ChartGroup(
            group.Group.Length == 0 ? all : NameOf(group.Group), $"c{index}", Values([group]))).ToList();
        if (groups.Count > Coloured)
        {
            shown.Add(new ChartGroup(others, "c7", Values([.. groups.Skip(Coloured)])));
        }

        return new BarChart(shown);
    }

    internal double ValueOf(CustomerUsage part) => Measure switch
    {
        "requests" => part.Requests,
        "tokens" => part.PromptTokens + part.OutputTokens,
        _ => (double)(part.AmountNano / 1_000_000_000m),
    };

    internal string Text(double value) =>
        Measure == "amount" ? Display.Usd((long)Math.Round(value * 1e9)) : Display.Count((long)value);
}

/// <summary>A call of an organisation with its receipts.</summary>
public sealed class CustomerCallView
{
    internal CustomerCallView(ConsoleView console, CustomerCall call) => (Console, Call) = (console, call);

    public ConsoleView Console { get; }

    internal CustomerCall Call { get; }

    internal string KeyName { get; init; } = "";

    internal IReadOnlyList<ReceiptShown> Receipts { get; init; } = [];
}

/// <summary>A receipt as its page shows it.</summary>
internal sealed record ReceiptShown(
    long Sequence, long Revision, string Plan, long PromptPrice, long CachedPrice, long OutputPrice, long AmountNano,
    string Signature);
