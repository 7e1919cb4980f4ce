using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;
using Sahab.Server.Source.Claims;
using Sahab.Server.Source.Contracts;
using Sahab.Server.Source.Purchases;

namespace Sahab.Server.Tests.Contracts;

/// <summary>Whatever the ledger knows of clauses, purchases and claims is answered.</summary>
public class SourceAnswerTests
{
    [Fact]
    public void Each_kind_of_clause_is_answered_with_all_that_it_says()
    {
        var kinds = typeof(Clause).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Clause))).ToList();
        var answers = typeof(ClauseAnswer).GetCustomAttributes<JsonDerivedTypeAttribute>().ToList();

        answers.Select(answer => answer.TypeDiscriminator).ShouldBe(
            kinds.Select(kind => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.Name)), ignoreOrder: true);
        foreach (var kind in kinds)
        {
            var answer = answers.Single(each => each.DerivedType.Name == kind.Name + "Clause").DerivedType;
            MembersOf(answer).ShouldBe(MembersOf(kind, isStated: true), kind.Name);
        }

        MembersOf(typeof(SelectorAnswer)).ShouldBe(MembersOf(typeof(Selector), isStated: true));
    }

    [Theory]
    [InlineData(typeof(CapacityPurchase), typeof(PurchaseAnswer), "Stage", "EndingSoon")]
    [InlineData(typeof(Offer), typeof(PurchaseOfferAnswer))]
    [InlineData(typeof(Claim), typeof(ClaimAnswer), "Overdue")]
    [InlineData(typeof(ClaimItem), typeof(ClaimItemAnswer))]
    [InlineData(typeof(ClaimEvent), typeof(ClaimEventAnswer))]
    [InlineData(typeof(OwedCredit), typeof(OwedCreditAnswer), "Claim", "TooLate")]
    public void Purchases_and_claims_are_answered_with_all_that_is_known(Type known, Type answer, params string[] besides) =>
        MembersOf(answer).ShouldBe([.. MembersOf(known), .. besides]);

    /// <summary>The names of public properties, in the order in which they are written.</summary>
    /// <param name="isStated">Without what is worked out.</param>
    static string[] MembersOf(Type type, bool isStated = false) =>
    [
        .. type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => !isStated || property.CanWrite).Select(property => property.Name),
    ];
}
