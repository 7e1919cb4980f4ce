using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Bedrock;

/// <summary>
/// AWS Bedrock: <c>[/region]/model/{id}/...</c>, the OpenAI-compatible API below <c>[/region]/openai/v1/</c>, and what
/// a container asks its host for, <c>/credentials</c>. The region is the one that the request was signed for; with a
/// bearer key that of the path, or else the first. Keys are access keys by their id; the secret serves as bearer key.
/// </summary>
internal sealed class BedrockDialect(Emulation emulation, OpenAIDialect openAI) : CloudDialect(emulation)
{
    static readonly BedrockOpenAIStyle OpenAIStyle = new();

    protected override async Task RouteAsync(Exchange exchange)
    {
        var http = exchange.Http;
        exchange.Vendor.AddIdHeaders(http.Response.Headers, exchange.RequestId, "");
        var path = SignatureV4.RawTarget(http).Split('?')[0].Split('/')[1..];
        var region = path is ["model" or "openai" or "credentials", ..] ? null : path[0];
        var rest = region is null ? path : path[1..];
        switch (http.Request.Method, rest)
        {
            case ("POST", ["model", var id, var operation]):
                await InvokeAsync(exchange, region, Uri.UnescapeDataString(id), operation);
                break;
            case (_, ["openai", "v1", ..]):
                await SpeakOpenAIAsync(exchange, region, string.Join('/', rest[2..]));
                break;
            case ("GET", ["credentials"]):
                await IssueKeysAsync(exchange);
                break;
            default:
                throw AwsErrors.UnknownOperation();
        }
    }

    async Task InvokeAsync(Exchange exchange, string? region, string model, string operation)
    {
        BedrockShape? shape = null;
        Call call;
        using (var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes))
        {
            var served = Authenticate(exchange, region, body.Bytes);
            var deployment = FindRegion(exchange.Cloud, served).GetValueOrDefault(model)
                ?? throw AwsErrors.UnknownModel();
            switch (operation)
            {
                case "count-tokens":
                    await CountAsync(exchange, body.Root);
                    return;
                case "invoke":
                    await EmbedAsync(exchange, deployment, body.Root);
                    return;
                case "converse" or "converse-stream":
                    call = BeginCall(exchange, deployment, "chat.completions", operation == "converse-stream");
                    if (!await StrikeAsync(exchange, call))
                    {
                        shape = ReadConverse(exchange, deployment, body.Root);
                    }
                    break;
                default:
                    throw AwsErrors.UnknownOperation();
            }
        }
        // Body and prompt are given back here: a stream may take minutes and needs neither.
        if (shape is { } known)
        {
            await ServeAsync(exchange, call, known.Generation, runner => call.Streamed
                ? StreamAsync(exchange, runner, known)
                : AnswerAsync(exchange, runner, call, w => ConverseAnswer.Write(
                    w, known, call.Faults.ToReported(known.Generation.Usage))));
        }
    }

    BedrockShape ReadConverse(Exchange exchange, CloudDeployment deployment, JsonElement body)
    {
        if (deployment.Model.Kind != ModelKind.Chat)
        {
            throw AwsErrors.Invalid("This action doesn't support the model that you provided. Try again with a "
                + "supported text or chat model.");
        }
        using var request = new ConverseRequest();
        request.Read(body, deployment.Model.Reasoning);
        CheckContext(request.Generation, deployment.Model);
        return new BedrockShape
        {
            Generation = Plan(request.Generation, deployment, exchange.Cloud.Traits),
        };
    }

    static async Task StreamAsync(Exchange exchange, AnswerRunner runner, BedrockShape shape)
    {
        exchange.Http.Response.ContentType = EventFrame.ContentType;
        await runner.StreamAsync(new ConverseFrames(shape), tellsRunningUsage: false);
    }

    async Task EmbedAsync(Exchange exchange, CloudDeployment deployment, JsonElement body)
    {
        if (deployment.Model.Kind != ModelKind.Embedding)
        {
            throw AwsErrors.Invalid("Only embeddings are invoked here; chat models are spoken to by Converse.");
        }
        var call = BeginCall(exchange, deployment, "embeddings", false);
        if (await StrikeAsync(exchange, call))
        {
            return;
        }
        using var embeddings = new InvokedEmbeddings();
        embeddings.Read(body, deployment.Model.Dimensions);
        if (embeddings.Inputs.Max(i => i.Tokens) is var longest && longest > deployment.Model.ContextTokens)
        {
            throw new ApiException(ApiError.ContextExceeded(deployment.Model.ContextTokens, longest, 0));
        }
        var generation = new Generation
        {
            Choices = [],
            PromptTokens = embeddings.Inputs.Sum(i => i.Tokens),
            Blocks = [],
            OutputEstimate = 0,
        };
        var seed = SeededRandom.Hash(deployment.ModelId, Emulation.Seed);
        var usage = call.Faults.ToReported(generation.Usage);
        if (usage is { } told)
        {
            exchange.Http.Response.Headers["X-Amzn-Bedrock-Input-Token-Count"] =
                told.Prompt.ToString(CultureInfo.InvariantCulture);
        }
        await ServeAsync(exchange, call, generation, runner => AnswerAsync(
            exchange, runner, call, w => embeddings.Write(w, seed, usage)));
    }

    static async Task CountAsync(Exchange exchange, JsonElement body)
    {
        var input = RequestFields.OfBody(body).Object("input")
            ?? throw AwsErrors.Invalid("Malformed input request: input is required.");
        var converse = input.Find("converse") ?? throw AwsErrors.Invalid("Only input.converse is supported here.");
        using var request = new ConverseRequest();
        request.Read(converse, reasonsByDefault: false);
        var tokens = request.Generation.PromptTokens;
        await exchange.SendJsonAsync(200, w =>
        {
            w.WriteStartObject();
            w.WriteNumber("inputTokens", tokens);
            w.WriteEndObject();
        });
    }

    /// <summary>The same cloud in OpenAI's words: signed for or with a bearer key as everything else.</summary>
    async Task SpeakOpenAIAsync(Exchange exchange, string? region, string operation)
    {
        exchange.Vendor = OpenAIStyle;
        var request = exchange.Http.Request;
        using var copy = new MemoryStream();
        await request.Body.CopyToAsync(copy, exchange.Http.RequestAborted);
        var served = Authenticate(exchange, region, copy.GetBuffer().AsSpan(0, (int)copy.Length));
        copy.Position = 0;
        request.Body = copy;
        request.Path = $"/{served}/v1/{operation}";
        await openAI.ServeAsync(exchange);
    }

    async Task IssueKeysAsync(Exchange exchange)
    {
        var owner = exchange.Cloud.FindKey(exchange.Http.Request.Headers.Authorization.ToString())
            ?? throw new ApiException(AwsErrors.UnknownKey);
        var cloud = exchange.Cloud;
        var key = TemporaryKeys.Issue(
            owner, cloud.Config.Keys[owner], Emulation.Clock.Time.GetUtcNow().AddSeconds(cloud.Config.TokenSeconds),
            cloud.TokenEpoch);
        cloud.CountToken();
        await exchange.SendJsonAsync(200, w => TemporaryKeys.Write(w, key));
    }

    /// <summary>Finds out who asks, by signature or bearer key; returns the region that is asked.</summary>
    string Authenticate(Exchange exchange, string? pathRegion, ReadOnlySpan<byte> body)
    {
        if (!exchange.Http.Request.Headers.Authorization.ToString()
            .StartsWith(SignatureV4.Scheme, StringComparison.Ordinal))
        {
            exchange.Authenticate();
            return pathRegion ?? exchange.Cloud.FirstRegion;
        }
        var signer = SignatureV4.Verify(exchange.Http, body, exchange.Cloud, Emulation.Clock.Time.GetUtcNow());
        if (pathRegion is not null && pathRegion != signer.Region)
        {
            throw new ApiException(AwsErrors.Forbidden(
                "InvalidSignatureException", "Credential should be scoped to a valid region."));
        }
        exchange.AuthenticateAs(signer.Key);
        return signer.Region;
    }

    static FrozenDictionary<string, CloudDeployment> FindRegion(Cloud cloud, string region) =>
        cloud.FindRegion(region) ?? throw new ApiException(AwsErrors.Forbidden(
            "InvalidSignatureException", "Credential should be scoped to a valid region."));
}
