//! What admins see.

use passerelle::domain::people::UserFilter;
use passerelle::model::Profile;

use crate::{DOMAIN, school, support, user};

#[tokio::test]
async fn people_are_listed_and_shown() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let logins = async |text: &str, profile: Option<Profile>| -> Vec<String> {
            let filter = UserFilter { text: Some(text.to_owned()), profile };
            gateway.users(&filter).await.unwrap().into_iter().map(|user| user.login).collect()
        };
        assert_eq!(logins("éric SCHMITT", None).await, ["eric.schmitt"]);
        assert_eq!(logins("lambertchristine", None).await, ["christine.lambert"]);
        assert_eq!(logins("theolambert", None).await, ["theo.lambert"]);
        assert_eq!(logins("d'arcy", Some(Profile::Student)).await, ["louise.darcy"]);
        assert_eq!(logins("Dupont Moretti", None).await, ["camille.dupontmoretti"]);
        assert_eq!(logins("", Some(Profile::Guest)).await, ["dominique.roy", "gilles.ancelin"]);
        assert_eq!(gateway.users(&UserFilter::default()).await.unwrap().len(), 60);

        let id = user(&gateway, "christine.lambert").await.id;
        let details = gateway.user_details(&id).await.unwrap().unwrap();
        assert_eq!(details.user.display_name, "LAMBERT Christine");
        assert_eq!(details.schools, ["Lycée Victor-Hugo"]);
        assert_eq!(details.addresses, [format!("christine.lambert@{DOMAIN}"), format!("{id}@{DOMAIN}")]);
        assert!(details.groups.iter().any(|group| group.name == "Parents du groupe Terminale A"));
        assert!(gateway.user_details(&passerelle::model::UserId::new("nobody")).await.unwrap().is_none());
        test.store.close().await;
    }
}
