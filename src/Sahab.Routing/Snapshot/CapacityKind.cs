namespace Sahab.Routing.Snapshot;

/// <summary>How the capacity of a deployment was bought.</summary>
public enum CapacityKind : byte
{
    /// <summary>Paid by the token.</summary>
    OnDemand = 0,

    /// <summary>Paid whether used or not.</summary>
    Reserved = 1,

    /// <summary>Cheap, and may be taken away.</summary>
    Spot = 2,
}
