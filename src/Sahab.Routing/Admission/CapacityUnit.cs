namespace Sahab.Routing.Admission;

/// <summary>In what a limit counts. The numbers are stable.</summary>
public enum CapacityUnit : byte
{
    /// <summary>Calls at the same time.</summary>
    Concurrency = 0,

    /// <summary>Requests in 60 seconds.</summary>
    RequestsPerMinute = 1,

    /// <summary>Tokens in 60 seconds.</summary>
    TokensPerMinute = 2,
}
