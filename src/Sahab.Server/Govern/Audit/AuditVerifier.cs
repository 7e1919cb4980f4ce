namespace Sahab.Server.Govern.Audit;

/// <summary>
/// Follows the chain entry by entry, without the database: what was removed, altered or moved is named by its number.
/// The first thing that is wrong is told; what comes after it says nothing any more.
/// </summary>
internal sealed class AuditVerifier
{
    string _hash = "";

    /// <summary>The end of what was followed so far.</summary>
    public AuditHead Head => new(Entries, _hash);

    /// <summary>Entries that were followed.</summary>
    public long Entries { get; private set; }

    /// <summary>What is wrong, in words; null: nothing so far.</summary>
    public string? Fault { get; private set; }

    /// <summary>Takes the next entry. False once something is wrong.</summary>
    public bool Take(AuditRow row)
    {
        if (Fault is not null)
        {
            return false;
        }

        var expected = Entries + 1;
        if (row.Number != expected)
        {
            return Blame(row.Number > expected
                ? $"Entry {expected} is missing: entry {row.Number} stands in its place."
                : $"Entry {row.Number} stands where entry {expected} should: it was moved, or repeated.");
        }

        if (row.HashAfter(_hash) != row.Hash)
        {
            return Blame(
                $"Entry {row.Number} was altered, or does not follow the entry before it: its hash is not that of what it "
                + "says.");
        }

        (_hash, Entries) = (row.Hash, expected);
        return true;
    }

    /// <summary>
    /// Ends: whether an end of the chain that was known before lies in it. An end before the last entry is fine, since
    /// the log goes on; call <see cref="Passes"/> with each entry for that.
    /// </summary>
    /// <param name="known">An end that was known; null: none was.</param>
    public bool End(AuditHead? known)
    {
        if (Fault is null && known is not null && known.Number > Entries)
        {
            return Blame(
                $"The log ends with entry {Entries}, and once ended with entry {known.Number}: entry {Entries + 1} and those "
                + "after it were cut off.");
        }

        return Fault is null;
    }

    /// <summary>Compares the entry that was just taken with a known end of the chain.</summary>
    public bool Passes(AuditHead? known)
    {
        if (Fault is null && known is not null && known.Number == Entries && known.Hash != _hash)
        {
            return Blame(
                $"Entry {Entries} is not the one that the log once ended with: it, or an entry before it, was altered and the "
                + "chain made anew.");
        }

        return Fault is null;
    }

    bool Blame(string fault)
    {
        Fault = fault;
        return false;
    }
}
