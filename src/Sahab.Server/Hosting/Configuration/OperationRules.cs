using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>Which cloud can have which operation at all, whatever the models behind it could do.</summary>
internal static class OperationRules
{
    /// <summary>
    /// The operations that are passed through need OpenAI's own API; Azure has it but for moderations and variations.
    /// </summary>
    public static bool Knows(Dialect dialect, Operation operation) => operation switch
    {
        < Operation.Moderations => true,
        Operation.Moderations or Operation.ImageVariations => dialect == Dialect.OpenAi,
        _ => dialect is Dialect.OpenAi or Dialect.Azure,
    };

    /// <summary>A deployment without one of its model's operations would fail each such call that is sent to it.</summary>
    /// <param name="path">The deployment's place in the file.</param>
    public static void Check(ProviderConfig provider, ModelConfig model, string path, ProblemList problems)
    {
        var unknown = model.Operations.Where(operation => !Knows(provider.Dialect, operation)).ToArray();
        if (unknown.Length == 0)
        {
            return;
        }

        var words = string.Join(", ", unknown.Select(operation => Words.For(operation)));
        var dialects = unknown.All(operation => Knows(Dialect.Azure, operation))
            ? "openai or azure"
            : "openai";
        problems.Error(
            $"{path}.provider", $"{model.Id} serves {words}, which the dialect {Words.For(provider.Dialect)} does not know",
            $"Deploy it at a provider with dialect {dialects}, or give what is deployed here a model of its own");
    }
}
