using System.Collections.Immutable;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Tests.Capacity;

namespace Sahab.Server.Tests.Configuration;

public sealed class CapacityRulesTests
{
    [Theory]
    [InlineData("model: small", "model: smal", "capacity.offers.unit.model: there is no \"smal\" among the models")]
    [InlineData("largest: 50", "largest: 50, smallest: 60", "capacity.offers.unit.largest: it is less than the smallest")]
    [InlineData("from: 2025-01-01", "from: 2025-01-01\n      until: 2024-01-01", "capacity.offers.unit.until: it ends before it begins")]
    [InlineData("price: 3 }", "price: 100000000 }\n      ", "")]
    public void What_cannot_be_is_refused_with_its_place(string what, string with, string problem)
    {
        var yaml = CapacityHouse.Yaml.Replace("largest: 50, smallest: 60", "", StringComparison.Ordinal)
            .Replace(what, with.Replace(", smallest", "\n      smallest", StringComparison.Ordinal), StringComparison.Ordinal);

        var errors = Read(yaml).Errors.Select(error => error.ToString()).ToList();

        if (problem.Length == 0)
        {
            errors.ShouldBeEmpty();
        }
        else
        {
            errors.ShouldContain(error => error.Contains(problem, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void An_offer_of_which_nothing_can_be_sold_is_a_risk()
    {
        var one = CapacityHouse.Yaml.Replace("  own-us: { <<: *chat, provider: own }\n", "", StringComparison.Ordinal);
        Read(one).Warnings.Select(each => each.ToString())
            .ShouldContain(each => each.Contains("nothing can be sold: 0 tokens a minute of small are left", StringComparison.Ordinal));
        var none = CapacityHouse.Yaml.Replace("capacity: reserved", "capacity: on-demand", StringComparison.Ordinal);
        Read(none).Warnings.Select(each => each.ToString())
            .ShouldContain(each => each.Contains("no deployment of small is reserved", StringComparison.Ordinal));
        Read(CapacityHouse.Yaml).Warnings.Select(each => each.ToString())
            .ShouldNotContain(each => each.Contains("capacity.offers", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_sold_is_a_group_of_its_model_and_never_more_than_guarantees_leave()
    {
        var config = Read(CapacityHouse.Yaml + """

            groups: { research: { members: [demo] } }
            guarantees: { some: { group: research, share: 0.4 } }
            """).Config.ShouldNotBeNull();
        var shares = Enumerable.Range(0, 80).Select(number => new ReservedShare(
            number % 2 == 0 ? "small" : "gone", $"org-{number}", "", 100, 0.05m, 0.02m)).ToImmutableArray();

        var routing = SnapshotBuilder.BuildRouting(config, previous: null, shares);

        routing.Groups.Length.ShouldBe(41);
        var readings = routing.Deployments[0].State.ReadGuarantees(0);
        readings.Sum(reading => reading.Guaranteed).ShouldBeInRange(1199, 1200);
        readings.Single(reading => reading.Group == "research").Guaranteed.ShouldBe(480);
        var less = SnapshotBuilder.BuildRouting(config, routing, [.. shares.Where(share => share.Organisation != "org-0")]);
        less.FindGroup("reserved:org-2:small").ShouldBeSameAs(routing.FindGroup("reserved:org-2:small"));
        less.FindGroup("reserved:org-0:small").ShouldBeNull();
    }

    static ConfigReading Read(string yaml) =>
        new ConfigReader(static _ => "secret", lookUpSecrets: false).ReadText(
            yaml.Replace("{azure}", "http://127.0.0.1:1", StringComparison.Ordinal)
                .Replace("{own}", "http://127.0.0.1:2", StringComparison.Ordinal),
            "sahab.yaml");
}
