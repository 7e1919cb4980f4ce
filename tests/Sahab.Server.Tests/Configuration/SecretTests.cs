using System.Text.Json;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

public class SecretTests
{
    const string Canary = "sk-canary-0123456789";

    [Theory]
    [InlineData("credentials: " + Canary)]
    [InlineData("credentials: [" + Canary + "]")]
    [InlineData("credentials: { env: " + Canary + " }")]
    [InlineData("credentials: { env: { a: " + Canary + " } }")]
    [InlineData("credentials: { file: " + Canary + " }")]
    [InlineData("credentials: { sha256: " + Canary + " }")]
    [InlineData("credentials: { value: " + Canary + " }")]
    [InlineData("credentials: { env: [" + Canary + "] }")]
    [InlineData("api_key: " + Canary)]
    public void A_secret_written_in_the_file_is_refused_and_never_repeated(string line)
    {
        var reading = ConfigText.Read(ConfigText.With("credentials: { env: AZURE_API_KEY }", line));

        reading.Config.ShouldBeNull();
        reading.Errors.ShouldHaveSingleItem().Line.ShouldBe(3);
        string.Join('\n', reading.Problems).ShouldNotContain("canary");
    }

    [Theory]
    [InlineData("credentials: " + Canary)]
    [InlineData("credentials: { value: " + Canary + " }")]
    [InlineData("api_key: " + Canary)]
    [InlineData("token: " + Canary)]
    public void The_error_says_how_to_keep_a_secret(string line)
    {
        var error = ConfigText.Read(ConfigText.With("credentials: { env: AZURE_API_KEY }", line)).Errors.Single();

        error.Remedy.ShouldContain("write {env: ITS_NAME}");
        error.Remedy.ShouldContain("write {file: PATH}");
    }

    [Fact]
    public void A_secret_in_a_URL_is_refused_and_never_repeated()
    {
        var reading = ConfigText.Read(ConfigText.With("https://azure", $"https://user:{Canary}@azure"));

        reading.Errors.ShouldHaveSingleItem().Key.ShouldBe("providers.azure.regions.eastus.base_url");
        reading.Errors[0].ToString().ShouldNotContain("canary");
    }

    [Fact]
    public void A_configuration_prints_without_its_secrets()
    {
        var reading = new ConfigReader(name => name == "AZURE_API_KEY" ? Canary : ConfigText.Environment(name))
            .ReadText(ConfigText.Small, "sahab.yaml");

        var secret = reading.Config.ShouldNotBeNull().Providers[0].Credentials.ShouldNotBeNull();
        secret.Value!.Reveal().ShouldBe(Canary);
        secret.ToString().ShouldContain("(secret)");
        secret.ToString().ShouldNotContain("canary");
        JsonSerializer.Serialize(secret).ShouldNotContain("canary");
        $"{secret.Value}".ShouldBe("(secret)");
    }

    [Fact]
    public void A_secret_comes_from_a_file_beside_the_configuration_without_the_line_break_at_its_end()
    {
        using var folder = new TemporaryFolder();
        folder.Write("azure.key", $"{Canary}\n");
        folder.Write("sahab.yaml", ConfigText.With("env: AZURE_API_KEY", "file: azure.key"));

        var reading = new ConfigReader(ConfigText.Environment).Read(folder.PathOf("sahab.yaml"));

        reading.Config.ShouldNotBeNull().Providers[0].Credentials!.Value!.Reveal().ShouldBe(Canary);
        reading.Files.ShouldBe([folder.PathOf("sahab.yaml"), folder.PathOf("azure.key")]);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("\n \n", "the file is empty")]
    [InlineData("one\ntwo", "control character")]
    public void A_file_that_holds_no_usable_secret_is_an_error(string content, string part)
    {
        using var folder = new TemporaryFolder();
        folder.Write("azure.key", content);
        folder.Write("sahab.yaml", ConfigText.With("env: AZURE_API_KEY", "file: azure.key"));

        new ConfigReader(ConfigText.Environment).Read(folder.PathOf("sahab.yaml")).Errors.ShouldHaveSingleItem()
            .Message.ShouldContain(part);
    }

    [Fact]
    public void A_file_too_large_for_a_secret_is_an_error()
    {
        using var folder = new TemporaryFolder();
        folder.Write("azure.key", new string('a', SecretReader.MaxBytes + 1));
        folder.Write("sahab.yaml", ConfigText.With("env: AZURE_API_KEY", "file: azure.key"));

        new ConfigReader(ConfigText.Environment).Read(folder.PathOf("sahab.yaml")).Errors.ShouldHaveSingleItem()
            .Message.ShouldBe("the file is larger than 65536 bytes");
    }

    [Fact]
    public void A_hash_serves_for_keys_of_tenants_and_not_for_what_is_sent()
    {
        var hash = Secret.HashOf("sk-demo");

        ConfigText.Read(ConfigText.With("{ env: DEMO_KEY }", $"{{ sha256: {hash} }}"))
            .Config.ShouldNotBeNull().Tenants[0].Keys[0].Secret.Hash.ShouldBe(hash);
        ConfigText.Read(ConfigText.With("{ env: AZURE_API_KEY }", $"{{ sha256: {hash} }}"))
            .Errors.ShouldHaveSingleItem().Message.ShouldBe("this secret is sent, and a hash cannot be sent");
    }
}
