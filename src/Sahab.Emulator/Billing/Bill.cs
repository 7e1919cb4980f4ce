using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Billing;

/// <summary>A cloud's own books: totals per account, and the latest lines.</summary>
internal sealed class Bill
{
    /// <summary>Lines kept per cloud; the oldest go first. The totals never lose anything.</summary>
    public const int MaxLines = 50_000;

    /// <summary>Hours kept for the bill by the hour, some two months; the oldest go first.</summary>
    public const int MaxHours = 1500;

    readonly Dictionary<BillAccount, BillEntry> _entries = [];
    readonly Queue<BillLine> _lines = new();
    readonly SortedDictionary<DateTimeOffset, Dictionary<BillAccount, Usage>> _hours = [];
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
            if (line.Billed != Usage.None)
            {
                AddToHour(line);
            }
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

    /// <summary>What was billed in each hour, in order of time.</summary>
    public IReadOnlyList<(DateTimeOffset Hour, BillAccount Account, Usage Billed)> ReadHours()
    {
        lock (_gate)
        {
            return [.. from hour in _hours
                from account in hour.Value
                select (hour.Key, account.Key, account.Value)];
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
            _hours.Clear();
        }
    }

    void AddToHour(BillLine line)
    {
        var start = line.At.ToUniversalTime();
        start = start.AddTicks(-(start.Ticks % TimeSpan.TicksPerHour));
        if (!_hours.TryGetValue(start, out var hour))
        {
            _hours.Add(start, hour = []);
            if (_hours.Count > MaxHours)
            {
                _hours.Remove(_hours.Keys.First());
            }
        }
        hour[line.Account] = hour.GetValueOrDefault(line.Account) + line.Billed;
    }
}
