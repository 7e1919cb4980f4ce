using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>Entries as rows of <c>ledger_entry</c>.</summary>
internal sealed class EntryRows
{
    readonly IdColumn _id = new("entry_id");
    readonly Int64Column _cause = new("cause");
    readonly TextColumn _contract = new("contract_id");
    readonly Int64Column _version = new("version");
    readonly Int64Column _booked = new("booked_us");
    readonly Int64Column _revision = new("revision");
    readonly OptionalIdColumn _eventId = new("event_id");

    public EntryRows() => Batch = new RowBatch(
        "ledger_entry", RowBatch.KeepOld, _id, _cause, _contract, _version, _booked, _revision, _eventId);

    public RowBatch Batch { get; }

    /// <param name="eventId">The event that it adjusts; null: it is an hour's.</param>
    public void Add(Entry entry, Guid? eventId)
    {
        _id.Values.Add(entry.Id);
        _cause.Values.Add((long)entry.Cause);
        _contract.Values.Add(entry.Contract ?? "");
        _version.Values.Add(entry.Version);
        _booked.Values.Add(UnixMicroseconds.From(entry.BookedAt));
        _revision.Values.Add(entry.Revision);
        _eventId.Values.Add(eventId);
    }
}
