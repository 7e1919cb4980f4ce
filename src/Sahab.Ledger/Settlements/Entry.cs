using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sahab.Ledger.Money;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// Postings that are booked together and sum to zero, because of an event, of an hour's settlement, or of the balances that
/// books begin with. What was posted is never edited: when its cause comes to something else, another entry posts the
/// difference.
/// </summary>
/// <param name="Id">
/// The event's own id for what it posts first. For all else made from what caused it, so that the same entry made again
/// has the same id, and one that is stored under its id is stored once.
/// </param>
/// <param name="Cause">What caused it.</param>
/// <param name="Contract">The contract; null: the event falls under none.</param>
/// <param name="Version">The contract's version in force when it counts; 0 without a contract.</param>
/// <param name="BookedAt">When it counts: within that version.</param>
/// <param name="Revision">0 for what is posted first; from 1 for what adjusts it.</param>
/// <param name="Postings">At least two, each account at most once.</param>
public sealed record Entry(
    Guid Id,
    EntryCause Cause,
    string? Contract,
    int Version,
    DateTimeOffset BookedAt,
    int Revision,
    IReadOnlyList<Posting> Postings)
{
    /// <summary>The most that one posting can hold, in nano-USD.</summary>
    const decimal Most = long.MaxValue;

    /// <summary>What adjusts the postings of an event whose charge turned out to be another; none: it is the same.</summary>
    /// <param name="before">The charge that was posted.</param>
    /// <param name="after">The charge that is right, of the same event.</param>
    /// <param name="revision">From 1; higher for each adjustment of the same event.</param>
    /// <param name="sold">What the customer owed for it, and owes now; null: it was not sold.</param>
    public static IReadOnlyList<Entry> Adjusting(Charge before, Charge after, int revision, ResoldEvent? sold = null)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return
        [
            .. Of(
                $"event {after.EventId}",
                new Entry(default, EntryCause.Event, after.Contract, after.Version, after.At, revision, []),
                Adjusted(LinesOf(before).Until(LinesOf(after)), sold)),
        ];
    }

    /// <summary>
    /// Entries that book the lines. One, unless an amount exceeds a posting's range: then one for each part, a pair of
    /// accounts each.
    /// </summary>
    /// <param name="name">Names what caused it: with the revision it makes the id.</param>
    /// <param name="entry">What the entries have in common.</param>
    /// <param name="lines">Whole nano-USD by account; they sum to zero.</param>
    internal static IEnumerable<Entry> Of(string name, Entry entry, Lines lines)
    {
        if (lines.IsEmpty)
        {
            yield break;
        }

        if (lines.Amounts.All(line => decimal.Abs(line.Nano) <= Most))
        {
            var id = MakeId(name, entry, 0);
            yield return entry with
            {
                Id = id,
                Postings = [.. lines.Amounts.Select(line =>
                    new Posting(id, line.Account, new NanoUsd((long)line.Nano), entry.BookedAt))],
            };
            yield break;
        }

        var part = 0;
        foreach (var (debited, credited, nano) in lines.Pairs(Most))
        {
            var id = MakeId(name, entry, part++);
            yield return entry with
            {
                Id = id,
                Postings = PostingRules.Pair(id, debited, credited, new NanoUsd((long)nano), entry.BookedAt),
            };
        }
    }

    static Lines Adjusted(Lines lines, ResoldEvent? sold)
    {
        if (sold is { } sale)
        {
            var more = (decimal)sale.After.Value - sale.Before.Value;
            lines.Add(Account.Receivable(sale.Organisation), more);
            lines.Add(Account.Revenue(sale.Model), -more);
        }

        return lines;
    }

    static Lines LinesOf(Charge charge)
    {
        var lines = new Lines();
        if (charge.Cost.Value != 0)
        {
            lines.Add(charge.CostAccount, charge.Cost.Value);
            lines.Add(charge.CreditAccount, -(decimal)charge.Cost.Value);
        }

        return lines;
    }

    /// <summary>A UUID of version 8: the time first, so that entries lie together, then a hash of the cause.</summary>
    static Guid MakeId(string name, Entry entry, int part)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{name}\n{entry.BookedAt.UtcTicks}\n{entry.Revision}\n{part}");
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, entry.BookedAt.ToUnixTimeMilliseconds() << 16);
        hash[..10].CopyTo(id[6..]);
        id[6] = (byte)(0x80 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id, bigEndian: true);
    }
}

/// <summary>An event that was sold, and for how much it is now.</summary>
/// <param name="Organisation">To whom.</param>
/// <param name="Model">The model that was called.</param>
/// <param name="Before">What was posted for it.</param>
/// <param name="After">What is right.</param>
public readonly record struct ResoldEvent(string Organisation, string Model, NanoUsd Before, NanoUsd After);

/// <summary>What causes an entry.</summary>
public enum EntryCause : byte
{
    /// <summary>An event: usage, or the use of a service.</summary>
    Event = 0,

    /// <summary>The settlement of a contract's hour.</summary>
    Hour = 1,

    /// <summary>The balances that the books of a contract begin with.</summary>
    Opening = 2,

    /// <summary>An invoice, a credit note, credit or a payment of a customer.</summary>
    Sale = 3,
}
