using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

public class ConfigurationStateTests
{
    static readonly ConfigReading First = ConfigText.Read(ConfigText.Small);
    static readonly ConfigReading Second = ConfigText.Read(ConfigText.With("0.15", "0.30"));
    static readonly ConfigReading Broken = ConfigText.Read(ConfigText.With("0.15", "-1"));

    [Fact]
    public void A_subscriber_gets_what_is_in_force_and_each_that_follows()
    {
        var state = new ConfigurationState(First, TimeProvider.System);
        var seen = new List<SahabConfig>();
        state.Subscribe("test", config => () => seen.Add(config));

        state.TryApply(Second).ShouldBeTrue();

        seen.ShouldBe([First.Config!, Second.Config!]);
        state.Current.ShouldBeSameAs(Second.Config);
        state.Status.Applied.Version.ShouldBe(2);
        state.Status.Applied.SourceHash.ShouldBe(Second.Hash);
        state.Status.IsLastKnownGood.ShouldBeFalse();
    }

    [Fact]
    public void A_configuration_with_errors_changes_nothing_and_its_errors_are_kept()
    {
        var state = new ConfigurationState(First, TimeProvider.System);
        var commits = 0;
        state.Subscribe("test", _ => () => commits++);

        state.TryApply(Broken).ShouldBeFalse();

        commits.ShouldBe(1);
        state.Current.ShouldBeSameAs(First.Config);
        state.Status.Applied.Version.ShouldBe(1);
        state.Status.IsLastKnownGood.ShouldBeTrue();
        state.Status.LastErrors.ShouldHaveSingleItem().ShouldContain("price.prompt: -1 is out of range");
    }

    [Fact]
    public void When_one_subscriber_refuses_none_commits()
    {
        var state = new ConfigurationState(First, TimeProvider.System);
        List<string> steps = [];
        state.Subscribe("first", config => () => steps.Add($"first {config.Deployments[0].Price.Prompt}"));
        state.Subscribe("second", config => config == Second.Config
            ? throw new InvalidOperationException("not this one")
            : () => steps.Add("second"));
        state.Subscribe("third", _ => () => steps.Add("third"));

        state.TryApply(Second).ShouldBeFalse();

        steps.ShouldBe(["first 0.15", "second", "third"]);
        state.Current.ShouldBeSameAs(First.Config);
        state.Status.LastErrors.ShouldBe(["second refuses the configuration: not this one"]);
        state.TryApply(First).ShouldBeTrue();
        state.Status.LastErrors.ShouldBeEmpty();
        state.Status.Applied.Version.ShouldBe(2);
    }

    [Fact]
    public void A_state_does_not_begin_with_errors() =>
        Should.Throw<ArgumentException>(() => new ConfigurationState(Broken, TimeProvider.System));
}
