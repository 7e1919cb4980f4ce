namespace Sahab.Server.Hosting.Access;

/// <summary>Says which organisations and projects there are, to rooms that know nothing else of tenants.</summary>
internal interface IHolders
{
    /// <summary>Why nothing can be made for it: it is not there, or not in use; null: it can.</summary>
    /// <param name="project">Null: the organisation as a whole is meant.</param>
    Task<ControlProblem?> FindFaultAsync(string organisation, string? project, CancellationToken cancellation);
}
