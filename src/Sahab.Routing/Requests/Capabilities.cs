namespace Sahab.Routing.Requests;

/// <summary>What a request needs of a deployment, or what a deployment can do beyond plain text.</summary>
[Flags]
public enum Capabilities : ushort
{
    /// <summary>Plain text, one choice.</summary>
    None = 0,

    /// <summary>Tool (function) calls.</summary>
    Tools = 1,

    /// <summary>Images in the prompt.</summary>
    Vision = 2,

    /// <summary>Output constrained by a JSON schema.</summary>
    JsonSchema = 4,

    /// <summary>Log probabilities of output tokens.</summary>
    Logprobs = 8,

    /// <summary>Audio in the prompt or the output.</summary>
    Audio = 16,

    /// <summary>More than one choice for one prompt (<c>n</c> above 1).</summary>
    MultipleChoices = 32,
}
