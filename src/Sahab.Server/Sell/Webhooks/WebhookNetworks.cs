using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>
/// To which addresses webhooks are sent: to those of the public internet, and to private networks that the operator names.
/// So nobody makes this server ask what only it can reach, whatever name they give to it.
/// </summary>
internal sealed class WebhookNetworks(ImmutableArray<IPNetwork> allowed)
{
    /// <summary>Not of the public internet, by the registries of special-purpose addresses (RFC 6890 and later).</summary>
    static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether webhooks may be sent there.</summary>
    public bool Allow(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return allowed.Any(network => network.Contains(plain))
            || (!Special.Any(network => network.Contains(plain))
                && (plain.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(plain)));
    }
}
