using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Billing;

/// <summary>A cloud's own books: totals per account, and the latest lines.</summary>
internal sealed class Bill
{
    /// <summary>Lines kept per cloud; the oldest go first. The totals never lose anything.</summary>
    public const int MaxLines = 50_000;

    readonly Dictionary<BillAccount, BillEntry> _entries = [];
    readonly Queue<BillLine> _lines = new();
    readonly Lock _gate = new();

    public void Add(BillLine line)
    {
        lock (_gate)
        {
            // What is billed by the piece or the second has no tokens.
            var isBilled = line.Billed != Usage.None
                || (line.Outcome == CallOutcome.Answered && line.Served == Usage.None);
            var entry = _entries.GetValueOrDefault(line.Account)
                ?? new BillEntry(line.Account, 0, 0, Usage.None, Usage.None);
            _entries[line.Account] = entry with
            {
                Requests = entry.Requests + (isBilled ? 1 : 0),
                Unbilled = entry.Unbilled + (isBilled ? 0 : 1),
                Billed = entry.Billed + line.Billed,
                Served = entry.Served + line.Served,
            };
            if (line.Served == Usage.None && !isBilled)
            {
                return;
            }
            if (_lines.Count == MaxLines)
            {
                _lines.Dequeue();
            }
            _lines.Enqueue(line);
        }
    }

    public IReadOnlyList<BillEntry> ReadEntries()
    {
        lock (_gate)
        {
            return [.. _entries.Values.OrderBy(e => e.Account.Region, StringComparer.Ordinal)
                .ThenBy(e => e.Account.Model, StringComparer.Ordinal)
                .ThenBy(e => e.Account.Key, StringComparer.Ordinal)];
        }
    }

    public IReadOnlyList<BillLine> ReadLines()
    {
        lock (_gate)
        {
            return [.. _lines];
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _lines.Clear();
        }
    }
}
