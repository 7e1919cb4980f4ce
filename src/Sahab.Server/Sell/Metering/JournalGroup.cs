namespace Sahab.Server.Sell.Metering;

/// <summary>One committed row of the journal: the encoded events of one commit.</summary>
/// <param name="Position">Its place in the order of commits; contiguous from 1, never used twice.</param>
/// <param name="Events">As <see cref="EventEncoding"/> wrote them.</param>
internal readonly record struct JournalGroup(long Position, byte[] Events);
