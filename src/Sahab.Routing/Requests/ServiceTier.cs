namespace Sahab.Routing.Requests;

/// <summary>How soon a request wants to be served. The smaller number goes first.</summary>
public enum ServiceTier : byte
{
    /// <summary>Before everything else.</summary>
    Priority = 0,

    /// <summary>What a request gets that asks for nothing.</summary>
    Default = 1,

    /// <summary>May wait for capacity that the tiers above leave.</summary>
    Flex = 2,

    /// <summary>Wanted within hours.</summary>
    Batch = 3,
}
