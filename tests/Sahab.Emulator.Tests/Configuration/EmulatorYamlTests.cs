using Sahab.Emulator.Configuration;

namespace Sahab.Emulator.Tests.Configuration;

public class EmulatorYamlTests
{
    const string Valid = """
        seed: 3
        speed: 20
        latency: none
        models: { m: { kind: embedding, dimensions: 8 } }
        clouds:
          a:
            style: vllm
            keys: { k: s }
            regions: { r1: { country: "NO" } }
            models: { m: { capacity: { concurrency: 4 } } }
        """;

    [Fact]
    public void A_valid_file_is_read()
    {
        var config = EmulatorYaml.Parse(Valid);
        (config.Seed, config.Speed, config.Latency).ShouldBe((3, 20, Latency.None));
        config.Clouds["a"].Style.ShouldBe(CloudStyle.Vllm);
        config.Clouds["a"].Models["m"].Capacity!.Concurrency.ShouldBe(4);
        config.Models["m"].Kind.ShouldBe(ModelKind.Embedding);
    }

    [Theory]
    [InlineData("speed: 20", "speed: 0", "speed: must be above 0")]
    [InlineData("country: \"NO\"", "country: norway", "clouds.a.regions.r1.country")]
    [InlineData("keys: { k: s }", "keys: {}", "clouds.a.keys: needs at least one key")]
    [InlineData("keys: { k: s }", "keys: { k: s, l: s }", "two keys have the same secret")]
    [InlineData("models: { m: { capacity", "models: { x: { capacity", "clouds.a.models.x: is not one of: m")]
    [InlineData("concurrency: 4", "concurrency: 0", "clouds.a.models.m.capacity.concurrency")]
    [InlineData("r1:", "v1:", "is not 'v1'")]
    [InlineData("seed: 3", "sed: 3", "emulator.yaml:1:1: Property 'sed' not found")]
    [InlineData("style: vllm", "style: vlm", "emulator.yaml:7:")]
    [InlineData("style: vllm", "style: vllm\n    style: vllm", "emulator.yaml:8:")]
    [InlineData("style: vllm", "port: 70000", "clouds.a.port: must be 0 to 65535")]
    public void Each_mistake_is_told_with_its_place(string valid, string wrong, string told)
    {
        Valid.ShouldContain(valid);
        var error = Should.Throw<EmulatorConfigException>(
            () => EmulatorYaml.Parse(Valid.Replace(valid, wrong, StringComparison.Ordinal)));
        error.Errors.ShouldContain(e => e.Contains(told), error.Message);
    }

    [Fact]
    public void All_mistakes_are_told_at_once() =>
        Should.Throw<EmulatorConfigException>(() => EmulatorYaml.Parse("speed: 0\ncontrol_port: -1"))
            .Errors.Count.ShouldBe(3);

    [Fact]
    public void The_demo_can_be_started()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Sahab.slnx")))
        {
            folder = folder.Parent;
        }
        var config = EmulatorYaml.Load(Path.Combine(folder.FullName, "samples", "six-clouds", "emulator.yaml"));
        config.Clouds.ToDictionary(c => c.Key, c => c.Value.Port).ShouldBe(new Dictionary<string, int>
        {
            ["azure"] = 8091,
            ["google"] = 8092,
            ["coreweave"] = 8093,
            ["own"] = 8094,
            ["aws"] = 8095,
            ["oracle"] = 8096,
        });
        config.ControlPort.ShouldBe(8090);
    }
}
