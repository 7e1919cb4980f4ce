using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Tests.Configuration;

/// <summary>Real servers on this machine, on ports that are free.</summary>
public sealed class DiscoveryTests : IAsyncDisposable
{
    static readonly Secret Key = new("sk-made-at-start");

    readonly List<WebApplication> _servers = [];
    readonly Dictionary<string, string> _environment = [];
    DiscoveryPlaces _places = new()
    {
        OpenAi = Nobody,
        Ollama = Nobody,
        Vllm = Nobody,
        LlamaCpp = Nobody,
    };

    // Port 9 (discard) has no server on any machine that runs tests.
    static Uri Nobody => new("http://127.0.0.1:9/v1");

    [Fact]
    public async Task Where_nothing_is_nothing_is_found_and_said_so()
    {
        var found = await FindAsync();

        found.Config.ShouldBeNull();
        found.Lines.ShouldBe(
        [
            "OpenAI: OPENAI_API_KEY is not set",
            "Ollama: http://127.0.0.1:9/v1 is not reachable",
            "vLLM: http://127.0.0.1:9/v1 is not reachable",
            "llama.cpp: none at http://127.0.0.1:9/v1",
        ]);
    }

    [Fact]
    public async Task Local_servers_are_served_at_no_price_and_the_key_is_the_caller_s()
    {
        _places = _places with
        {
            Ollama = await ServeAsync("""{"data":[{"id":"llama3:8b","owned_by":"library"},{"id":"shared"}]}"""),
            Vllm = await ServeAsync(
                """{"data":[{"id":"Qwen/Qwen3-8B","owned_by":"vllm","max_model_len":40960},{"id":"shared"}]}"""),
        };

        var found = await FindAsync();

        var config = found.Config.ShouldNotBeNull();
        config.Providers.Select(provider => (provider.Id, provider.RunningUsage))
            .ShouldBe([("ollama", false), ("vllm", true)]);
        config.Deployments.Select(deployment => (deployment.Id, deployment.Model, deployment.Price.Prompt)).ShouldBe(
        [
            ("ollama-llama3-8b", "llama3:8b", 0m), ("ollama-shared", "shared", 0m),
            ("vllm-qwen-qwen3-8b", "Qwen/Qwen3-8B", 0m), ("vllm-shared", "shared", 0m),
        ]);
        config.Models.Select(model => (model.Id, model.ContextTokens)).ShouldBe(
            [("llama3:8b", 0), ("shared", 0), ("Qwen/Qwen3-8B", 40960)]);
        config.Deployments.ShouldAllBe(deployment => config.FindRegion(deployment) != null);
        var key = config.Tenants.ShouldHaveSingleItem().Keys.ShouldHaveSingleItem();
        key.Secret.Hash.ShouldBe(Key.Sha256);
        key.Admin.ShouldBeTrue();
        found.Lines[1].ShouldBe($"Ollama: 2 models at {_places.Ollama}, counted at no price: llama3:8b, shared");
    }

    [Fact]
    public async Task OpenAI_is_served_at_list_prices_and_what_has_none_is_left_out()
    {
        var asked = new List<string>();
        _environment["OPENAI_API_KEY"] = "sk-openai";
        _places = _places with
        {
            OpenAi = await ServeAsync(
                """
                {"data":[{"id":"gpt-4o-mini"},{"id":"gpt-4o-mini-2024-07-18"},{"id":"whisper-1"},
                         {"id":"gpt-4o-mini-audio-preview"},{"id":"text-embedding-3-small"}]}
                """,
                context => asked.Add(context.Request.Headers.Authorization.ToString())),
        };

        var found = await FindAsync();

        asked.ShouldBe(["Bearer sk-openai"]);
        var config = found.Config.ShouldNotBeNull();
        config.Deployments.Select(deployment => (deployment.Model, deployment.Price.Prompt, deployment.Price.Output))
            .ShouldBe(
            [
                ("gpt-4o-mini", 0.15m, 0.6m), ("gpt-4o-mini-2024-07-18", 0.15m, 0.6m),
                ("text-embedding-3-small", 0.02m, 0m),
            ]);
        config.Providers[0].Regions[0].Country.ShouldBe("US");
        config.Providers[0].Credentials!.Value!.Reveal().ShouldBe("sk-openai");
        found.Lines[0].ShouldBe("OpenAI: 3 models at list price; 2 others are left out, because their prices are not known here");
    }

    [Fact]
    public async Task Another_base_URL_is_somebody_else_whose_prices_nobody_knows()
    {
        var url = await ServeAsync("""{"data":[{"id":"gpt-4o-mini"},{"id":"anything"}]}""");
        _environment["OPENAI_API_KEY"] = "sk-openai";
        _environment["OPENAI_BASE_URL"] = url.AbsoluteUri;

        var found = await FindAsync();

        found.Config.ShouldNotBeNull().Deployments.ShouldAllBe(deployment => deployment.Price.Prompt == 0);
        found.Config.Providers[0].Regions[0].Country.ShouldBe(Discovery.UnknownCountry);
        found.Lines[0].ShouldStartWith("OPENAI_BASE_URL: 2 models at ");
    }

    [Fact]
    public async Task Llama_cpp_is_known_by_its_header_or_its_properties()
    {
        const string models = """{"data":[{"id":"ggml-model.gguf"}]}""";
        _places = _places with
        {
            LlamaCpp = await ServeAsync(models, context => context.Response.Headers.Server = "llama.cpp"),
        };
        (await FindAsync()).Config.ShouldNotBeNull().Providers[0].Id.ShouldBe("llama-cpp");

        _places = _places with { LlamaCpp = await ServeAsync(models, props: """{"default_generation_settings":{}}""") };
        (await FindAsync()).Config.ShouldNotBeNull().Providers[0].Id.ShouldBe("llama-cpp");
    }

    [Fact]
    public async Task Another_Sahab_on_its_usual_port_is_not_taken_for_llama_cpp()
    {
        _places = _places with
        {
            LlamaCpp = await ServeAsync(
                """{"data":[{"id":"gpt-oss-120b"}]}""", context => context.Response.Headers.Server = "Sahab"),
        };

        var found = await FindAsync();

        found.Config.ShouldBeNull();
        found.Lines[3].ShouldStartWith("llama.cpp: none at ");
    }

    [Theory]
    [InlineData("not json", "answers, but not in JSON")]
    [InlineData("[]", "answers, but not with a list of models")]
    [InlineData("""{"data":[]}""", "answers, but has no models")]
    [InlineData("""{"data":[{"id":"bad name"},3,{"id":4}]}""", "answers, but has no models")]
    public async Task What_answers_oddly_is_not_served_and_said_so(string body, string reason)
    {
        _places = _places with { Vllm = await ServeAsync(body) };

        var found = await FindAsync();

        found.Config.ShouldBeNull();
        found.Lines[2].ShouldBe($"vLLM: {_places.Vllm} {reason}");
    }

    [Theory]
    [InlineData("OPENAI_API_KEY", "a\nb", "OpenAI: OPENAI_API_KEY holds a control character, such as a line break")]
    [InlineData("OPENAI_BASE_URL", "nowhere", "OpenAI: OPENAI_BASE_URL is not an absolute http or https URL")]
    public async Task A_variable_that_cannot_be_used_is_named_and_not_repeated(string name, string value, string line)
    {
        _environment["OPENAI_API_KEY"] = "sk-openai";
        _environment[name] = value;

        (await FindAsync()).Lines[0].ShouldStartWith(line);
    }

    [Fact]
    public async Task A_refusal_is_told_with_its_status()
    {
        _environment["OPENAI_API_KEY"] = "sk-openai";
        _places = _places with
        {
            OpenAi = await ServeAsync("{}", context => context.Response.StatusCode = StatusCodes.Status401Unauthorized),
        };

        (await FindAsync()).Lines[0].ShouldBe($"OpenAI: {_places.OpenAi} answers 401");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_is_not_waited_for()
    {
        var silence = new TaskCompletionSource();
        _places = _places with { Vllm = await ServeAsync("{}", wait: silence.Task) };

        var found = await FindAsync(new ClockOfTimers(fires: true));
        silence.SetResult();

        found.Config.ShouldBeNull();
        found.Lines[2].ShouldBe($"vLLM: {_places.Vllm} does not answer within 2s");
    }

    /// <summary>Timeouts are not what these tests are about, on a machine that may be busy: no timer runs out.</summary>
    async Task<Discovered> FindAsync() => await FindAsync(new ClockOfTimers(fires: false));

    async Task<Discovered> FindAsync(TimeProvider time)
    {
        using var handler = new SocketsHttpHandler();
        using var http = new HttpMessageInvoker(handler);
        return await new Discovery(name => _environment.GetValueOrDefault(name), http, time, _places)
            .FindAsync(Key, CancellationToken.None);
    }

    async Task<Uri> ServeAsync(string models, Action<HttpContext>? touch = null, string? props = null, Task? wait = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        var server = builder.Build();
        server.MapGet("/v1/models", async context =>
        {
            await (wait ?? Task.CompletedTask);
            touch?.Invoke(context);
            await context.Response.WriteAsync(models);
        });
        server.MapGet("/props", context =>
        {
            touch?.Invoke(context);
            context.Response.StatusCode = props is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
            return context.Response.WriteAsync(props ?? "");
        });
        await server.StartAsync();
        _servers.Add(server);
        return new Uri(server.Urls.Single() + "/v1");
    }

    /// <summary>Timers run out at once, or never.</summary>
    sealed class ClockOfTimers(bool fires) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, fires ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
    }
}
