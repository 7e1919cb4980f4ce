using Sahab.Emulator.Configuration;
using Sahab.Emulator.Engine.Schemas;

namespace Sahab.Emulator.Engine;

/// <summary>
/// Decides an answer from the request and a seed alone: the same request gets the same text, whenever.
/// </summary>
internal static class GenerationPlanner
{
    /// <summary>Sigma of the lognormal length of an answer that ends by itself.</summary>
    const double LengthSigma = 0.6;

    public static Generation Plan(
        GenerationRequest request, ModelConfig model, ProfileConfig profile, CloudTraits traits, ulong seed)
    {
        seed = SeededRandom.Mix(seed, (ulong)request.Seed);
        var room = Math.Max(1, model.ContextTokens - request.Prompts.Max(p => p.Tokens));
        var limit = Math.Min(room, request.MaxTokens ?? room);
        var choices = new Sequence[request.Prompts.Count * request.Choices];
        for (var i = 0; i < choices.Length; i++)
        {
            var prompt = request.Prompts[i / request.Choices];
            var own = SeededRandom.Mix(prompt.Fingerprint(seed), (ulong)(i % request.Choices));
            choices[i] = PlanChoice(request, profile, limit, traits.ShowsReasoning, own);
        }
        var perChoice = request.MaxTokens ?? choices.Max(c => c.Count);
        return new Generation
        {
            Choices = choices,
            PromptTokens = request.PromptTokens,
            Blocks = request.CachesPrompt
                ? [.. request.Prompts.Select(p => p.HashBlocks(traits.CacheBlockTokens, 5))]
                : [],
            CacheMark = request.CacheMark,
            OutputEstimate = (long)perChoice * choices.Length,
        };
    }

    static Sequence PlanChoice(
        GenerationRequest request, ProfileConfig profile, int limit, bool showsReasoning, ulong seed)
    {
        var random = new SeededRandom(seed);
        var exact = request.IgnoreEos && request.MaxTokens is not null;
        if (request.Tools.Count > 0)
        {
            return PlanTools(request, limit, showsReasoning, ref random);
        }
        var fixedText = request.Json ? SchemaSample.Write(request.Schema, ref random) : null;
        var drawn = (int)Math.Clamp(random.NextLognormal(profile.MeanOutputTokens, LengthSigma), 1, int.MaxValue);
        var natural = fixedText is null
            ? drawn
            : WithReasoning(SlicedTokens.Of(fixedText).Count, request.ReasoningShare);
        var total = exact ? limit : Math.Min(natural, limit);
        var reasoning = Math.Min(total - 1, (int)((fixedText is null ? total : natural) * request.ReasoningShare));
        TokenSource content = fixedText is null
            ? new WordTokens(random.Next(), total - reasoning)
            : SlicedTokens.Of(fixedText, exact ? total - reasoning : 1);
        content.Truncate(total - reasoning);
        var finish = exact || natural > limit ? FinishReason.Length : FinishReason.Stop;
        if (request.Stops.Count > 0 && content.StopAt(request.Stops))
        {
            finish = FinishReason.Stop;
        }
        return new Sequence
        {
            ReasoningTokens = reasoning,
            ShowsReasoning = showsReasoning,
            Reasoning = new WordTokens(random.Next(), reasoning),
            Content = content,
            Finish = finish,
        };
    }

    static Sequence PlanTools(GenerationRequest request, int limit, bool showsReasoning, ref SeededRandom random)
    {
        var calls = new List<ToolCall>();
        var natural = 0;
        foreach (var tool in request.Tools)
        {
            var arguments = SlicedTokens.Of(SchemaSample.Write(tool.Parameters, ref random));
            calls.Add(new ToolCall($"call_{random.Next():x16}", tool.Name, arguments));
            natural += 1 + arguments.Count;
        }
        var reasoning = Math.Min(limit - 1, WithReasoning(natural, request.ReasoningShare) - natural);
        var left = limit - reasoning;
        var kept = new List<ToolCall>();
        foreach (var call in calls.TakeWhile(_ => left > 0))
        {
            left--;
            call.Arguments.Truncate(left);
            left -= call.Arguments.Count;
            kept.Add(call);
        }
        return new Sequence
        {
            ReasoningTokens = reasoning,
            ShowsReasoning = showsReasoning,
            Reasoning = new WordTokens(random.Next(), reasoning),
            Tools = kept,
            Finish = reasoning + natural > limit ? FinishReason.Length : FinishReason.ToolCalls,
        };
    }

    static int WithReasoning(int visible, double share) => (int)(visible / (1 - share));
}
