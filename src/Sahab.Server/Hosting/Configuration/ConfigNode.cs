using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>A value of the YAML file, with its place.</summary>
internal abstract record ConfigNode(int Line, int Column)
{
    /// <summary>What it is, in words for messages.</summary>
    public abstract string Noun { get; }
}

/// <summary>A single value. <paramref name="Plain"/>: written without quotes.</summary>
internal sealed record ScalarNode(int Line, int Column, string Text, bool Plain) : ConfigNode(Line, Column)
{
    public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";

    public override string Noun => IsNull ? "nothing" : "a single value";
}

internal sealed record ListNode(int Line, int Column, ImmutableArray<ConfigNode> Items) : ConfigNode(Line, Column)
{
    public override string Noun => "a list";
}

internal sealed record MapNode(int Line, int Column, ImmutableArray<MapEntry> Entries) : ConfigNode(Line, Column)
{
    public override string Noun => "a map of keys";
}

internal readonly record struct MapEntry(ScalarNode Key, ConfigNode Value);
