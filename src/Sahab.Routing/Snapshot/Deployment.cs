using System.Text;
using Sahab.Routing.Decisions;

namespace Sahab.Routing.Snapshot;

/// <summary>A deployment in one snapshot: what was configured, and what is known of it.</summary>
public sealed class Deployment
{
    internal Deployment(DeploymentSpec spec, DeploymentState state)
    {
        Spec = spec;
        State = state;
        IdHash = HashOf(spec.Id);
    }

    /// <summary>What was configured. Never changes.</summary>
    public DeploymentSpec Spec { get; }

    /// <summary>What is known and held. Outlives the snapshot.</summary>
    public DeploymentState State { get; }

    /// <summary>The id spread over 64 bits, the same on every machine (not <see cref="object.GetHashCode"/>).</summary>
    internal ulong IdHash { get; }

    /// <inheritdoc/>
    public override string ToString() => Spec.Id;

    private static ulong HashOf(string id)
    {
        var hash = 0xCBF29CE484222325UL; // FNV-1a
        foreach (var octet in Encoding.UTF8.GetBytes(id))
        {
            hash = (hash ^ octet) * 0x100000001B3UL;
        }

        return RandomSource.Mix(hash);
    }
}
