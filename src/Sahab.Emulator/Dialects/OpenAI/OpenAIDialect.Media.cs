using System.Collections.Frozen;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Dialects.OpenAI.Media;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Faults;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <content>Moderations, images and sound.</content>
internal partial class OpenAIDialect
{
    static readonly FrozenDictionary<string, MediaOperation> Media = new MediaOperation[]
    {
        new("moderations", ModelKind.Moderation, OfJson: Moderations.Plan),
        new("images/generations", ModelKind.Image, OfJson: Pictures.Make),
        new("images/edits", ModelKind.Image, OfForm: Pictures.Edit),
        new("images/variations", ModelKind.Image, OfForm: Pictures.Vary),
        new("audio/transcriptions", ModelKind.Transcription, OfForm: Transcripts.Transcribe),
        new("audio/translations", ModelKind.Transcription, OfForm: Transcripts.Translate),
        new("audio/speech", ModelKind.Speech, OfJson: Voices.Speak),
    }.ToFrozenDictionary(operation => operation.Path);

    /// <summary>The operation of a path, if this cloud has it.</summary>
    protected virtual MediaOperation? FindMedia(string path) => Media.GetValueOrDefault(path);

    async Task AnswerMediaAsync(
        Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments, MediaOperation operation)
    {
        Call? call;
        MediaAnswer? answer;
        if (operation.OfForm is { } ofForm)
        {
            var form = await FormRequest.ReadAsync(exchange.Http);
            (call, answer) = await PlanAsync(
                exchange, deployments, operation, () => form.RequiredText("model"), terms => ofForm(form, terms));
        }
        else
        {
            using var body = await RequestBody.ReadAsync(exchange.Http, EmulatorHost.MaxBodyBytes);
            var fields = RequestFields.OfBody(body.Root);
            (call, answer) = await PlanAsync(
                exchange, deployments, operation, () => fields.RequiredText("model"),
                terms => operation.OfJson!(fields, terms));
        }
        if (answer is null)
        {
            return;
        }
        var generation = new Generation
        {
            Choices = [],
            PromptTokens = (int)answer.Usage.Prompt,
            Blocks = [],
            OutputEstimate = answer.Usage.Output,
            OtherOutputTokens = answer.Usage.Output,
        };
        await ServeAsync(exchange, call, generation, runner => SendAsync(exchange, runner, call, answer));
    }

    /// <summary>The call, and what it will be answered; nothing where a fault has answered it.</summary>
    async Task<(Call Call, MediaAnswer? Answer)> PlanAsync(
        Exchange exchange, FrozenDictionary<string, CloudDeployment> deployments, MediaOperation operation,
        Func<string> readModel, Func<MediaTerms, MediaAnswer> plan)
    {
        var model = exchange.ModelInPath ?? WithoutPrefix(readModel(), exchange.ModelPrefix);
        var deployment = FindDeployment(deployments, model, operation.Kind);
        var call = BeginCall(exchange, deployment, operation.Path.Replace('/', '.'), false);
        if (await StrikeAsync(exchange, call))
        {
            return (call, null);
        }
        var seed = SeededRandom.Hash(deployment.ModelId, Emulation.Seed);
        return (call, plan(new MediaTerms(
            deployment.ModelId, deployment.Model.BillsTokens, seed, exchange.RequestId, Emulation.Clock.UnixSeconds)));
    }

    static async Task SendAsync(Exchange exchange, AnswerRunner runner, Call call, MediaAnswer answer)
    {
        if (answer.WriteJson is { } write)
        {
            var told = call.Faults.ToReported(answer.Usage);
            await AnswerAsync(exchange, runner, call, writer => write(writer, told));
            return;
        }
        if (call.Faults.Break is { Kind: FaultKind.ErrorIn200 })
        {
            await AnswerAsync(exchange, runner, call, _ => { });
            return;
        }
        if (!await runner.AnswerAsync())
        {
            exchange.Channel.Abort();
            return;
        }
        await exchange.SendPiecesAsync(
            answer.ContentType, answer.Body, isHalf: call.Faults.Break is { Kind: FaultKind.Cut });
    }
}
