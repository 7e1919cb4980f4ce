using System.Globalization;

namespace Sahab.Ledger.Sales;

/// <summary>
/// Goes through an organisation's receipts, line by line, and finds whatever was altered, removed, moved or added. Keeps of
/// each event the receipt that stands.
/// </summary>
/// <param name="keys">The keys that receipts may be signed with.</param>
public sealed class ReceiptChain(IReadOnlyList<ReceiptKey> keys)
{
    /// <summary>As many problems are told; the first is the one that matters.</summary>
    public const int MaxProblems = 100;

    readonly Dictionary<string, ReceiptKey> _keys = keys.ToDictionary(key => key.Id, StringComparer.Ordinal);
    readonly Dictionary<Guid, Receipt> _standing = [];
    readonly List<Receipt> _all = [];
    readonly List<string> _problems = [];
    string? _organisation;
    string _hash = Receipt.Beginning;
    bool _hasEnded;
    long _line;

    /// <summary>What is wrong, with the line that it was found at; empty: nothing.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>How many receipts there are.</summary>
    public long Count => _all.Count;

    /// <summary>The hash of the last one.</summary>
    public string Hash => _hash;

    /// <summary>Whose they are; null: there was none.</summary>
    public string? Organisation => _organisation;

    /// <summary>Takes the next line of the file.</summary>
    public void Add(string line)
    {
        _line++;
        if (_hasEnded)
        {
            Report("stands after the end of the chain");
        }
        else if (line.StartsWith("{\"head\":", StringComparison.Ordinal))
        {
            AddHead(line);
        }
        else if (Receipt.Parse(line) is not { } parsed)
        {
            Report("is no receipt as this server writes them: it was altered, or cut");
            _hash = Receipt.HashOf(line);
        }
        else
        {
            AddReceipt(parsed.Receipt, parsed.Body, parsed.Signature);
            _hash = Receipt.HashOf(line);
        }
    }

    /// <summary>Says that there are no more lines.</summary>
    public void End()
    {
        if (!_hasEnded)
        {
            _line++;
            Report("is missing: the export ends with a signed line that tells how many receipts there are. The file was cut "
                + "short");
        }
    }

    /// <summary>
    /// What the receipts of a month come to by model, service tier and plan: of each event the highest revision among the
    /// receipts up to a number.
    /// </summary>
    /// <param name="month">Its first day, in UTC.</param>
    /// <param name="through">The last receipt that counts.</param>
    public IReadOnlyDictionary<(string Model, string ServiceTier, string Plan), Int128> SumsOf(DateOnly month, long through) =>
        StandingOf(month, through).GroupBy(receipt => (receipt.Model, receipt.ServiceTier, receipt.Plan)).ToDictionary(
            group => group.Key, group => group.Aggregate((Int128)0, (sum, receipt) => sum + receipt.Amount.Value));

    /// <summary>Of each event of a month the receipt with the highest revision among those up to a number.</summary>
    /// <param name="month">Its first day, in UTC.</param>
    /// <param name="through">The last receipt that counts.</param>
    public IReadOnlyCollection<Receipt> StandingOf(DateOnly month, long through)
    {
        var standing = new Dictionary<Guid, Receipt>();
        foreach (var receipt in _all.Where(receipt => receipt.Sequence <= through
            && receipt.StartedAt.UtcDateTime.Year == month.Year && receipt.StartedAt.UtcDateTime.Month == month.Month))
        {
            if (!standing.TryGetValue(receipt.EventId, out var other) || receipt.Revision > other.Revision)
            {
                standing[receipt.EventId] = receipt;
            }
        }

        return standing.Values;
    }

    /// <summary>The hash of a receipt by its number; of 0, the one before the first.</summary>
    public string HashOf(long sequence) => sequence == Count ? _hash : _all[(int)sequence].Previous;

    void AddReceipt(Receipt receipt, string body, byte[] signature)
    {
        if (!_keys.TryGetValue(receipt.KeyId, out var key))
        {
            Report($"is signed with the key {receipt.KeyId}, which is none of those given");
        }
        else if (!key.Verifies(body, signature))
        {
            Report("was altered: its signature is of something else");
        }

        if (_organisation is not null && receipt.Organisation != _organisation)
        {
            Report($"is a receipt of {receipt.Organisation}, and those before are of {_organisation}");
        }

        if (receipt.Sequence != _all.Count + 1)
        {
            Report($"is receipt {Text(receipt.Sequence)}, and {Text(_all.Count + 1)} is due: one was removed, moved or doubled");
        }

        if (receipt.Previous != _hash)
        {
            Report("does not follow from the receipt before it: one of the two was altered, removed or moved");
        }

        CheckAmount(receipt);
        _organisation ??= receipt.Organisation;
        _all.Add(receipt);
    }

    void CheckAmount(Receipt receipt)
    {
        try
        {
            if (Rating.Rater.Rate(receipt.Usage, receipt.Prices) != receipt.Amount)
            {
                Report($"says {receipt.Amount}, and its tokens at its prices come to "
                    + $"{Rating.Rater.Rate(receipt.Usage, receipt.Prices)}");
            }
        }
        catch (Exception fault) when (fault is ArgumentException or OverflowException)
        {
            Report("has tokens or prices that contradict themselves");
        }

        if (_standing.TryGetValue(receipt.EventId, out var before))
        {
            if (receipt.Revision <= before.Revision)
            {
                Report($"is for the event {receipt.EventId}, which has a receipt of this or a higher revision already");
            }
            else if ((receipt.Model, receipt.ServiceTier, receipt.Plan, receipt.StartedAt, receipt.Prices)
                != (before.Model, before.ServiceTier, before.Plan, before.StartedAt, before.Prices))
            {
                Report($"corrects the event {receipt.EventId} in more than its tokens");
            }
        }
        else if (receipt.Revision > 0)
        {
            Report($"corrects the event {receipt.EventId}, which has no receipt before it");
        }

        _standing[receipt.EventId] = receipt;
    }

    void AddHead(string line)
    {
        _hasEnded = true;
        if (ReceiptHead.Parse(line) is not { } parsed)
        {
            Report("is no end of a chain as this server writes it: it was altered, or cut");
            return;
        }

        var (head, body, signature) = parsed;
        if (!_keys.TryGetValue(head.KeyId, out var key))
        {
            Report($"is signed with the key {head.KeyId}, which is none of those given");
        }
        else if (!key.Verifies(body, signature))
        {
            Report("was altered: its signature is of something else");
        }

        if (head.Sequence != _all.Count || head.Hash != _hash || (_organisation ?? head.Organisation) != head.Organisation)
        {
            Report($"says that {head.Organisation} has {Text(head.Sequence)} receipts, and {Text(_all.Count)} are here, or "
                + "others: the file was cut short, or its end is of another one");
        }
    }

    void Report(string problem)
    {
        if (_problems.Count < MaxProblems)
        {
            _problems.Add($"Line {Text(_line)} {problem}.");
        }
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
