namespace Sahab.Server.Sell.Metering;

/// <summary>
/// The journal has not made the events durable, and says why. The caller may append the same events again: each is
/// posted once by its id, even where a failed append did reach the disk.
/// </summary>
internal sealed class JournalUnavailableException : Exception
{
    public JournalUnavailableException()
    {
    }

    public JournalUnavailableException(string message)
        : base(message)
    {
    }

    public JournalUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
