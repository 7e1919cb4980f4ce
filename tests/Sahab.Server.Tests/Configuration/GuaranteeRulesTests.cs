using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Tests.Configuration;

public sealed class GuaranteeRulesTests
{
    const string Groups = """

        groups:
          research: { members: [demo] }
          sales: { members: [shop, lab/night] }
        """;

    [Fact]
    public void Groups_of_tenants_and_keys_are_guaranteed_shares_and_a_key_of_its_own_leaves_its_tenant()
    {
        var config = Read("""
              much: { group: research, share: 0.6, lending_limit: 0.5, models: [gpt-oss-120b] }
              some: { group: sales, share: 0.4, borrowing_limit: 0 }
            """).Config.ShouldNotBeNull();

        var routing = SnapshotBuilder.BuildRouting(config, previous: null);
        routing.Groups.Select(group => group.Id).ShouldBe(["research", "sales"]);
        routing.Deployments.Single(deployment => deployment.Spec.Id == "own-abilene").State.ReadGuarantees(0)
            .Select(reading => (reading.Group, reading.Guaranteed, reading.HeldBack, reading.Most))
            .ShouldBe([("research", 5, 1, null), ("sales", 3, 0, 3)]);
        routing.Deployments.Single(deployment => deployment.Spec.Id == "azure-eastus").State.ReadGuarantees(0)
            .ShouldBeEmpty();
    }

    [Theory]
    [InlineData(
        "a: { group: research, share: 0.7 }\n  b: { group: sales, share: 0.4 }", "guarantees.b.share",
        "with this, 1.1 of the reserved capacity of gpt-oss-120b is guaranteed",
        "Let the shares of a, b be at most 1 together")]
    [InlineData(
        "a: { group: reserch, share: 0.1 }", "guarantees.a.group", "there is no \"reserch\" among the groups",
        "Did you mean research? The groups: research, sales")]
    [InlineData(
        "a: { group: research, share: 0.2, lending_limit: 0.3 }", "guarantees.a.lending_limit",
        "more is lent than is guaranteed", "Write at most 0.2, the share, or leave it out to lend all of it")]
    [InlineData(
        "a: { group: research, share: 0.2, models: [gpt-oss] }", "guarantees.a.models[0]",
        "there is no \"gpt-oss\" among the models", "The models: gpt-oss-120b, paid")]
    [InlineData(
        "a: { group: research, share: 0.2, models: [paid] }", "guarantees.a.models[0]",
        "no deployment of paid is reserved, so there is nothing to share",
        "Write capacity: reserved at the deployments that are paid for, or take it off the list")]
    [InlineData(
        "a: { group: research, share: 0.2, models: [] }", "guarantees.a.models", "an empty list guarantees nothing",
        "Name some, or remove the list for all")]
    [InlineData(
        "a: { group: research, share: 0.2 }\n  b: { group: research, share: 0.1 }", "guarantees.b",
        "a guarantees research a share of gpt-oss-120b already", "Give the two different models, or keep one")]
    public void What_cannot_be_guaranteed_is_an_error_with_its_place_and_remedy(
        string guarantees, string key, string message, string remedy)
    {
        var error = Read("  " + guarantees).Errors.ShouldHaveSingleItem();

        (error.Key, error.Message, error.Remedy).ShouldBe((key, message, remedy));
        error.Line.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(
        "{ members: [demo, nobody] }", "groups.third.members[1]",
        "there is no \"nobody\" among the tenants and keys")]
    [InlineData(
        "{ members: [demo/none] }", "groups.third.members[0]",
        "there is no \"demo/none\" among the tenants and keys")]
    [InlineData("{ members: [shop] }", "groups.third.members[0]", "shop is of the group sales already")]
    [InlineData("{ members: [] }", "groups.third.members", "a group without members guarantees nothing to anybody")]
    public void Members_are_tenants_or_keys_and_each_is_of_one_group(string group, string key, string message)
    {
        var errors = ConfigText.Read(Text + Groups + $"\n  third: {group}").Errors;

        errors.ShouldContain(error => error.Key == key && error.Message == message, string.Join('\n', errors));
    }

    static string Text => ConfigText.With(
            "  gpt-oss-120b: { context_tokens: 131072 }",
            "  gpt-oss-120b: { context_tokens: 131072 }\n  paid: { context_tokens: 131072 }")
        + """

          shop: { keys: { day: { secret: { sha256: "{a}" } } } }
          lab: { keys: { night: { secret: { sha256: "{b}" } } } }
        """.Replace("{a}", new string('a', 64), StringComparison.Ordinal)
            .Replace("{b}", new string('b', 64), StringComparison.Ordinal);

    static ConfigReading Read(string guarantees) => ConfigText.Read(Text + Groups + "\nguarantees:\n" + guarantees);
}
