using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("Where organisations may be told of events.")]
internal sealed record WebhooksConfig
{
    [Doc("Networks of private addresses to which events may be sent, as 10.1.0.0/16. Left out: addresses of the public "
        + "internet only.")]
    [Form(TextForm.Network)]
    [AtMost(64)]
    public ImmutableArray<string> PrivateNetworks { get; init; } = [];

    [Doc("Whether an address may begin with http://, so that what is sent can be read on the way.")]
    public bool AllowHttp { get; init; }
}
