using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Run;

[Collection("./run")]
public class RunTests
{
    [Fact]
    public async Task It_prints_its_lines_answers_and_stops_all_that_it_started()
    {
        await using var demo = await RunningDemo.StartAsync(options: "--no-demo");

        demo.Lines[0].ShouldBe($"Sahab is ready at {demo.Address.GetLeftPart(UriPartial.Authority)}");
        demo.Lines[1].ShouldBe("demo key: sk-sahab-demo");
        demo.Lines[2].ShouldMatch("^admin key: sk-sahab-admin-[0-9a-f]{32}$");
        demo.Lines[3].ShouldMatch(@"^emulated clouds: http://127\.0\.0\.1:[0-9]+$");
        (await AskAsync(demo)).ShouldNotBeNullOrEmpty();
        await ReserveAsync(demo);
        using var http = new HttpClient();
        (await http.GetStringAsync(demo.Clouds)).ShouldContain("<html", Case.Insensitive);
        var children = demo.Children();
        children.Count(child => child.Command.Contains("dotnet", StringComparison.Ordinal)).ShouldBe(2);

        demo.Interrupt();

        (await demo.WaitForExitAsync()).ShouldBe(0, demo.Errors);
        children.ShouldAllBe(child => !RunningDemo.IsAlive(child.Id));
        IsListening(demo.Port).ShouldBeFalse();
        IsListening(demo.Clouds.Port).ShouldBeFalse();
    }

    [Fact]
    public async Task A_path_with_spaces_and_a_link_to_the_script_do_no_harm_and_traffic_flows()
    {
        var folder = Directory.CreateTempSubdirectory("sahab with spaces ").FullName;
        try
        {
            CopyProduct(Path.Combine(folder, "the product"));
            var link = Path.Combine(folder, "a link");
            File.CreateSymbolicLink(link, Path.Combine(folder, "the product", "run"));
            await using var demo = await RunningDemo.StartAsync(link);

            using var admin = new HttpClient { BaseAddress = demo.Address };
            admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", demo.AdminKey);
            JsonArray calls;
            do
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
                calls = (await admin.GetFromJsonAsync<JsonArray>("/api/calls"))!;
            }
            while (calls.Count == 0);

            calls[0]!["tenant"]!.ToString().ShouldBe("demo");
            foreach (var user in (string[])["customer", "operator", "reviewer"])
            {
                using var signIn = await admin.PostAsJsonAsync(
                    "/api/sign-in", new { email = $"{user}@example.com", password = demo.Password });
                signIn.StatusCode.ShouldBe(HttpStatusCode.OK, await signIn.Content.ReadAsStringAsync());
            }

            foreach (var secret in (string[])["admin-key", "demo-password"])
            {
                File.GetUnixFileMode(Path.Combine(demo.Data, secret))
                    .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task When_one_process_dies_it_says_which_stops_the_others_and_fails()
    {
        await using var demo = await RunningDemo.StartAsync(options: "--no-demo");
        var children = demo.Children();

        RunningDemo.Signal("KILL", children.Single(
            child => child.Command.Contains("sahab-emulator.dll", StringComparison.Ordinal)).Id);

        (await demo.WaitForExitAsync()).ShouldBe(1);
        demo.Errors.ShouldContain("the emulator has ended by itself");
        children.ShouldAllBe(child => !RunningDemo.IsAlive(child.Id));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_the_remedy()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var demo = RunningDemo.Begin(script: null, port, "--no-demo");

        (await demo.WaitForExitAsync()).ShouldBe(1);

        demo.Errors.ShouldContain($"port {port} is taken");
        demo.Errors.ShouldContain("--port N");
    }

    [Theory]
    [InlineData("--prot", "no such option: --prot")]
    [InlineData("--emulator-port", "--emulator-port needs a value")]
    public async Task An_option_that_is_wrong_is_named(string option, string message)
    {
        await using var demo = RunningDemo.Begin(options: option);

        (await demo.WaitForExitAsync()).ShouldBe(1);

        demo.Errors.ShouldContain(message);
    }

    static async Task<string> AskAsync(RunningDemo demo)
    {
        using var http = new HttpClient { BaseAddress = demo.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-sahab-demo");
        using var response = await http.PostAsJsonAsync("/v1/chat/completions", new
        {
            model = "gpt-oss-120b",
            max_tokens = 20,
            messages = new[] { new { role = "user", content = "Hello" } },
        });
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var answer = (await response.Content.ReadFromJsonAsync<JsonObject>())!;
        return answer["choices"]![0]!["message"]!["role"]!.ToString();
    }

    /// <summary>There is something on offer of more than one model, and a unit of it can be had.</summary>
    static async Task ReserveAsync(RunningDemo demo)
    {
        using var admin = new HttpClient { BaseAddress = demo.Address };
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", demo.AdminKey);
        var offers = (await admin.GetFromJsonAsync<JsonNode>("/api/organisations/demo/capacity/offers"))!["data"]!.AsArray();
        offers.Select(offer => offer!["model"]!.ToString()).ShouldBe(["gpt-oss-120b", "gpt-oss-20b"], ignoreOrder: true);
        foreach (var offer in offers)
        {
            using var reserved = await admin.PostAsJsonAsync(
                "/api/organisations/demo/capacity", new { offer = offer!["id"]!.ToString(), term = "month", units = 1 });
            reserved.StatusCode.ShouldBe(HttpStatusCode.OK, await reserved.Content.ReadAsStringAsync());
        }
    }

    static bool IsListening(int port)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>What <c>./run</c> needs once all is built, the build's stamp last so that nothing is newer.</summary>
    static void CopyProduct(string target)
    {
        foreach (var folder in (string[])
            ["eng", "samples", "artifacts/bin/Sahab.Server/release", "artifacts/bin/Sahab.Emulator/release"])
        {
            Copy(Repository.PathOf(folder), Path.Combine(target, folder));
        }

        Directory.CreateDirectory(Path.Combine(target, "src"));
        foreach (var file in (string[])
            ["run", "global.json", "Directory.Build.props", "Directory.Build.targets"])
        {
            File.Copy(Repository.PathOf(file), Path.Combine(target, file));
        }

        File.WriteAllText(Path.Combine(target, "artifacts/built.stamp"), "");
    }

    static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(source))
        {
            Copy(folder, Path.Combine(target, Path.GetFileName(folder)));
        }
    }
}
