namespace Sahab.Server.Serve.Snapshots;

/// <summary>Why a key lets nobody in. All but the first two are told only to who has a secret that is, or was, right.</summary>
internal enum KeyFault : byte
{
    None,

    /// <summary>No key was given.</summary>
    Missing,

    /// <summary>No key has this secret.</summary>
    Unknown,

    Expired,

    Revoked,

    /// <summary>Another secret has taken its place, and the time that both were good is over.</summary>
    Replaced,

    /// <summary>Its organisation is suspended.</summary>
    Suspended,

    /// <summary>Its project is archived.</summary>
    Archived,
}
